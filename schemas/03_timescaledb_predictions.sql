-- Predictions, what came of them, and trades. Safe to apply again, by several at once.
--
-- Three tiers, found out here: TimescaleDB with its community licence (hypertables, continuous aggregates),
-- its Apache edition (hypertables), plain PostgreSQL 14 or newer (partitions by month, made as they are needed).
--
-- The tables lie in a schema the engine cannot enter, and views in public are all it may use. Row-level security
-- alone would not do: a hypertable's chunks inherit its grants but not its policies, so whoever may read the
-- hypertable could read every tenant's chunks by name; and a continuous aggregate shows every tenant's rows. The
-- views filter by suho.tenant_id as the transaction has it, the policies below them do so once more.
--
-- Rows are kept for 90 days (predictions) and 3 years (trades, performance) from when they were stored, not from their
-- bar: a replay of old years would otherwise be gone as it arrives. Predictions go on to ClickHouse (schemas/06) before
-- they are dropped here.
BEGIN;
-- One at a time, however many engines start at once.
DO $$ BEGIN PERFORM pg_advisory_xact_lock(728310501); END $$;

-- suho_owner owns what is made here; suho_engine is what engines act as. Neither logs in, neither is a superuser,
-- neither passes row-level security. Give an engine's login with: GRANT suho_engine TO its_login;
DO $$
DECLARE
    wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['suho_owner', 'suho_engine'] LOOP
        BEGIN
            EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL;
        END;
    END LOOP;
    -- Who is no superuser must belong to a role to give it something.
    IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
        EXECUTE format('GRANT suho_owner TO %I', current_user);
    END IF;
    EXECUTE format('GRANT CREATE ON DATABASE %I TO suho_owner', current_database());
END $$;

CREATE SCHEMA IF NOT EXISTS suho_private AUTHORIZATION suho_owner;
GRANT USAGE ON SCHEMA public TO suho_engine;
GRANT USAGE, CREATE ON SCHEMA public TO suho_owner;

CREATE TABLE IF NOT EXISTS suho_private.schema_versions (
    file       text PRIMARY KEY,
    version    integer NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE suho_private.schema_versions OWNER TO suho_owner;

-- Which files are applied, and in which version: what `suho schema status` shows.
CREATE OR REPLACE VIEW public.suho_schema_versions AS SELECT file, version, applied_at FROM suho_private.schema_versions;
ALTER VIEW public.suho_schema_versions OWNER TO suho_owner;
GRANT SELECT ON public.suho_schema_versions TO PUBLIC;

-- Who asks, as the engine sets it for one transaction. NULL, and so nothing, when it is not set.
CREATE OR REPLACE FUNCTION public.suho_tenant() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT nullif(current_setting('suho.tenant_id', true), '') $$;
CREATE OR REPLACE FUNCTION public.suho_user() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT nullif(current_setting('suho.user_id', true), '') $$;
ALTER FUNCTION public.suho_tenant() OWNER TO suho_owner;
ALTER FUNCTION public.suho_user() OWNER TO suho_owner;

-- Not preloaded, TimescaleDB ends the session that makes or uses it, which nothing could catch.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'timescaledb')
       OR EXISTS (SELECT FROM pg_settings WHERE name LIKE 'timescaledb.%'
                  OR (name = 'shared_preload_libraries' AND setting LIKE '%timescaledb%')) THEN
        RETURN;
    END IF;
    IF EXISTS (SELECT FROM pg_extension WHERE extname = 'timescaledb') THEN
        RAISE EXCEPTION 'this database uses TimescaleDB, which is not loaded: add timescaledb to shared_preload_libraries and restart PostgreSQL';
    END IF;
    RAISE WARNING 'TimescaleDB is installed but not loaded, so predictions go into plain partitions; to use it, add timescaledb to shared_preload_libraries, restart PostgreSQL and apply the schemas to an empty database';
END $$;

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_available_extensions WHERE name = 'timescaledb')
       AND EXISTS (SELECT FROM pg_settings WHERE name LIKE 'timescaledb.%'
                   OR (name = 'shared_preload_libraries' AND setting LIKE '%timescaledb%')) THEN
        CREATE EXTENSION IF NOT EXISTS timescaledb;
    END IF;
EXCEPTION WHEN OTHERS THEN
    -- Not ours to make: plain partitions do.
    RAISE WARNING 'TimescaleDB is installed but not used, predictions are in plain partitions: %', SQLERRM;
END $$;

CREATE OR REPLACE FUNCTION suho_private.tier() RETURNS text LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN NOT EXISTS (SELECT FROM pg_extension WHERE extname = 'timescaledb') THEN 'postgresql'
                WHEN current_setting('timescaledb.license', true) = 'timescale' THEN 'community'
                ELSE 'apache' END
$$;
ALTER FUNCTION suho_private.tier() OWNER TO suho_owner;

-- Partitions of plain PostgreSQL, with when they were made.
CREATE TABLE IF NOT EXISTS suho_private.partitions (
    parent     text NOT NULL,
    name       text PRIMARY KEY,
    ends       timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE suho_private.partitions OWNER TO suho_owner;

CREATE OR REPLACE FUNCTION suho_private.make_table(name text, columns text, key text, time_column text, chunk interval)
    RETURNS void LANGUAGE plpgsql AS $make$
DECLARE
    native boolean := suho_private.tier() = 'postgresql';
BEGIN
    IF to_regclass('suho_private.' || name) IS NOT NULL THEN
        -- Of chunks from now on.
        IF NOT native THEN PERFORM set_chunk_time_interval(('suho_private.' || name)::regclass, chunk); END IF;
        RETURN;
    END IF;
    EXECUTE format('CREATE TABLE suho_private.%I (%s PRIMARY KEY (%s)) %s', name, columns, key,
                   CASE WHEN native THEN format('PARTITION BY RANGE (%I)', time_column) ELSE '' END);
    IF NOT native THEN
        PERFORM create_hypertable(('suho_private.' || name)::regclass, by_range(time_column, chunk));
        PERFORM add_dimension(('suho_private.' || name)::regclass, by_hash('tenant_id', 4));
    END IF;
END $make$;

DO $do$ BEGIN PERFORM suho_private.make_table('ml_predictions', $columns$
        prediction_id        uuid NOT NULL,
        tenant_id            text NOT NULL,
        user_id              text,
        symbol               text NOT NULL,
        timeframe            text NOT NULL,
        bar_close_time       timestamptz NOT NULL,
        price                double precision NOT NULL,
        -- SHA-256 of the model file, which names it everywhere.
        model_id             text NOT NULL,
        model_version        text NOT NULL,
        arm                  text NOT NULL,
        direction            text NOT NULL CHECK (direction IN ('LONG', 'SHORT', 'FLAT')),
        confidence           double precision NOT NULL CHECK (confidence BETWEEN 0 AND 1),
        primary_horizon      text NOT NULL,
        abstained            text[] NOT NULL,
        degraded             text[] NOT NULL,
        anomaly              double precision NOT NULL,
        quality_score        double precision NOT NULL,
        quality_flags        integer NOT NULL,
        -- Combined probabilities and expected return, for each horizon.
        down_1h double precision NOT NULL, flat_1h double precision NOT NULL, up_1h double precision NOT NULL,
        down_4h double precision NOT NULL, flat_4h double precision NOT NULL, up_4h double precision NOT NULL,
        down_1d double precision NOT NULL, flat_1d double precision NOT NULL, up_1d double precision NOT NULL,
        expected_return_1h   double precision NOT NULL,
        expected_return_4h   double precision NOT NULL,
        expected_return_1d   double precision NOT NULL,
        predicted_1h smallint NOT NULL, predicted_4h smallint NOT NULL, predicted_1d smallint NOT NULL,
        -- Similar moments over the primary horizon; NULL when there were none in time.
        pattern_matches      integer,
        pattern_effective    double precision,
        pattern_win_rate     double precision,
        pattern_mean_return  double precision,
        pattern_nearest      text[],
        -- What the market did; NULL until known.
        actual_1h smallint, actual_4h smallint, actual_1d smallint,
        return_1h double precision, return_4h double precision, return_1d double precision,
        resolved_1h timestamptz, resolved_4h timestamptz, resolved_1d timestamptz,
        -- What trades on it earned; written by the trigger on trade_results.
        trades integer NOT NULL DEFAULT 0,
        trade_pnl_money double precision, trade_pnl_pips double precision, trade_pnl_percent double precision,
        trade_won boolean, trade_closed_at timestamptz,
        stored_at timestamptz NOT NULL DEFAULT now(),
    -- A chunk takes 20 ms to make: with one a day a replay of hourly bars would spend most of its time on that.
    $columns$, 'prediction_id, bar_close_time, tenant_id', 'bar_close_time', INTERVAL '7 days'); END $do$;

DO $do$ BEGIN PERFORM suho_private.make_table('trade_results', $columns$
        trade_id             text NOT NULL CHECK (trade_id <> ''),
        tenant_id            text NOT NULL,
        user_id              text,
        prediction_id        uuid NOT NULL,
        symbol               text NOT NULL,
        timeframe            text NOT NULL,
        model_version        text,
        side                 text NOT NULL CHECK (side IN ('LONG', 'SHORT')),
        quantity             double precision NOT NULL CHECK (quantity > 0),
        entry_time           timestamptz NOT NULL,
        entry_price          double precision NOT NULL CHECK (entry_price > 0),
        exit_time            timestamptz NOT NULL,
        exit_price           double precision NOT NULL CHECK (exit_price > 0),
        -- After costs, in the account's currency.
        pnl_money            double precision NOT NULL,
        currency             text NOT NULL,
        pnl_pips             double precision NOT NULL,
        -- Of the entry price, in the direction of the trade, before costs.
        pnl_percent          double precision NOT NULL,
        commission           double precision NOT NULL DEFAULT 0,
        financing            double precision NOT NULL DEFAULT 0,
        slippage_pips        double precision,
        exit_reason          text NOT NULL DEFAULT '',
        market_conditions    jsonb NOT NULL DEFAULT '{}',
        reported_at          timestamptz NOT NULL DEFAULT now(),
        CHECK (exit_time >= entry_time),
    $columns$, 'trade_id, tenant_id, exit_time', 'exit_time', INTERVAL '7 days'); END $do$;

DO $do$ BEGIN PERFORM suho_private.make_table('model_performance_timeseries', $columns$
        bucket               timestamptz NOT NULL,
        tenant_id            text NOT NULL,
        symbol               text NOT NULL,
        timeframe            text NOT NULL,
        model_version        text NOT NULL,
        arm                  text NOT NULL,
        horizon              text NOT NULL,
        predictions          integer NOT NULL,
        resolved             integer NOT NULL,
        correct              integer NOT NULL,
        -- Of the resolved: share right, mean squared error of the three probabilities (Brier 1950), mean of −ln p of
        -- what happened, mean return in the direction predicted.
        accuracy             double precision,
        brier                double precision,
        log_loss             double precision,
        mean_return          double precision,
        trades               integer NOT NULL DEFAULT 0,
        trade_pnl_pips       double precision,
        updated_at           timestamptz NOT NULL DEFAULT now(),
    $columns$, 'bucket, tenant_id, symbol, timeframe, model_version, arm, horizon', 'bucket', INTERVAL '30 days'); END $do$;

-- Whether it was the signal: what shadows, and the arm of a rollout that did not serve the bar, said is kept too, with the
-- bar's spread over its close where that is known.
ALTER TABLE suho_private.ml_predictions ADD COLUMN IF NOT EXISTS served boolean NOT NULL DEFAULT true;
ALTER TABLE suho_private.ml_predictions ADD COLUMN IF NOT EXISTS spread double precision;

CREATE INDEX IF NOT EXISTS ml_predictions_series ON suho_private.ml_predictions (tenant_id, symbol, timeframe, bar_close_time DESC);
CREATE INDEX IF NOT EXISTS ml_predictions_time ON suho_private.ml_predictions (bar_close_time);
CREATE INDEX IF NOT EXISTS trade_results_prediction ON suho_private.trade_results (tenant_id, prediction_id);

-- Aggregates, before row-level security is on: TimescaleDB refuses a continuous aggregate afterwards.
DO $$
DECLARE
    every  record;
    source text;
    kept   boolean;
    -- A continuous aggregate is refreshed by a job of its owner, who must be able to log in and to see every tenant's rows:
    -- whoever applies this file, where row-level security does not hold for them. Else these are views here as well.
    continuous boolean := suho_private.tier() = 'community'
                          AND (SELECT rolcanlogin AND (rolsuper OR rolbypassrls) FROM pg_roles WHERE rolname = current_user);
BEGIN
    IF suho_private.tier() = 'community' AND NOT continuous THEN
        RAISE NOTICE 'no continuous aggregates: % may not bypass row-level security', current_user;
    END IF;
    FOR every IN SELECT * FROM (VALUES ('predictions_hourly', '1 hour', 'hour'), ('predictions_daily', '1 day', 'day')) v(name, width, unit) LOOP
        IF suho_private.tier() = 'community' THEN
            EXECUTE 'SELECT EXISTS (SELECT FROM timescaledb_information.continuous_aggregates
                     WHERE view_schema = ''suho_private'' AND view_name = $1)' INTO kept USING every.name;
            CONTINUE WHEN kept;
        END IF;
        source := format($query$
            SELECT %s AS bucket, tenant_id, symbol, timeframe, model_version, arm,
                   count(*) AS predictions,
                   count(*) FILTER (WHERE direction = 'LONG') AS longs,
                   count(*) FILTER (WHERE direction = 'SHORT') AS shorts,
                   count(*) FILTER (WHERE direction = 'FLAT') AS flats,
                   avg(confidence) AS confidence,
                   count(actual_1h) AS resolved_1h, count(*) FILTER (WHERE actual_1h = predicted_1h) AS correct_1h,
                   count(actual_4h) AS resolved_4h, count(*) FILTER (WHERE actual_4h = predicted_4h) AS correct_4h,
                   count(actual_1d) AS resolved_1d, count(*) FILTER (WHERE actual_1d = predicted_1d) AS correct_1d,
                   sum(trades) AS trades, sum(trade_pnl_money) AS trade_pnl_money, sum(trade_pnl_pips) AS trade_pnl_pips
            FROM suho_private.ml_predictions
            WHERE user_id IS NULL
            GROUP BY 1, 2, 3, 4, 5, 6
        $query$, CASE WHEN continuous THEN format('time_bucket(INTERVAL %L, bar_close_time)', every.width)
                      ELSE format('date_trunc(%L, bar_close_time, ''UTC'')', every.unit) END);
        IF continuous THEN
            EXECUTE format('CREATE MATERIALIZED VIEW suho_private.%I WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS %s WITH NO DATA',
                           every.name, source);
            -- From the beginning: replays write old bars, and trades close long after them.
            PERFORM add_continuous_aggregate_policy(('suho_private.' || every.name)::regclass,
                start_offset => NULL, end_offset => INTERVAL '1 hour', schedule_interval => INTERVAL '15 minutes');
            EXECUTE format('GRANT SELECT ON suho_private.%I TO suho_owner', every.name);
        ELSE
            EXECUTE format('CREATE OR REPLACE VIEW suho_private.%I AS %s', every.name, source);
            EXECUTE format('ALTER VIEW suho_private.%I OWNER TO suho_owner', every.name);
        END IF;
    END LOOP;
END $$;

DO $$
DECLARE
    wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['ml_predictions', 'trade_results', 'model_performance_timeseries'] LOOP
        EXECUTE format('ALTER TABLE suho_private.%I OWNER TO suho_owner', wanted);
        EXECUTE format('ALTER TABLE suho_private.%I ENABLE ROW LEVEL SECURITY', wanted);
        EXECUTE format('ALTER TABLE suho_private.%I FORCE ROW LEVEL SECURITY', wanted);
        EXECUTE format('DROP POLICY IF EXISTS own ON suho_private.%I', wanted);
        EXECUTE format('CREATE POLICY own ON suho_private.%I USING (tenant_id = public.suho_tenant()) WITH CHECK (tenant_id = public.suho_tenant())', wanted);
        EXECUTE format('CREATE OR REPLACE VIEW public.%I WITH (security_barrier) AS
                        SELECT * FROM suho_private.%I WHERE tenant_id = public.suho_tenant() WITH CASCADED CHECK OPTION', wanted, wanted);
        EXECUTE format('ALTER VIEW public.%I OWNER TO suho_owner', wanted);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE ON public.%I TO suho_engine', wanted);
    END LOOP;
    -- Predictions for one user alone are for that user.
    DROP POLICY own ON suho_private.ml_predictions;
    CREATE POLICY own ON suho_private.ml_predictions
        USING (tenant_id = public.suho_tenant() AND (user_id IS NULL OR user_id = public.suho_user()))
        WITH CHECK (tenant_id = public.suho_tenant() AND (user_id IS NULL OR user_id = public.suho_user()));
    CREATE OR REPLACE VIEW public.ml_predictions WITH (security_barrier) AS
        SELECT * FROM suho_private.ml_predictions
        WHERE tenant_id = public.suho_tenant() AND (user_id IS NULL OR user_id = public.suho_user()) WITH CASCADED CHECK OPTION;
    FOREACH wanted IN ARRAY ARRAY['predictions_hourly', 'predictions_daily'] LOOP
        EXECUTE format('CREATE OR REPLACE VIEW public.%I WITH (security_barrier) AS
                        SELECT * FROM suho_private.%I WHERE tenant_id = public.suho_tenant()', wanted, wanted);
        EXECUTE format('ALTER VIEW public.%I OWNER TO suho_owner', wanted);
        EXECUTE format('GRANT SELECT ON public.%I TO suho_engine', wanted);
    END LOOP;
END $$;

-- Columns that have a default in the table have it in the view too.
ALTER VIEW public.ml_predictions ALTER COLUMN trades SET DEFAULT 0;
ALTER VIEW public.ml_predictions ALTER COLUMN stored_at SET DEFAULT now();
ALTER VIEW public.ml_predictions ALTER COLUMN served SET DEFAULT true;
ALTER VIEW public.trade_results ALTER COLUMN reported_at SET DEFAULT now();
ALTER VIEW public.model_performance_timeseries ALTER COLUMN updated_at SET DEFAULT now();

-- A trade's outcome goes into its prediction: all trades on it together, so that one told twice counts once.
CREATE OR REPLACE FUNCTION suho_private.write_trade_outcome() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE public.ml_predictions p
    SET trades = t.trades, trade_pnl_money = t.money, trade_pnl_pips = t.pips, trade_pnl_percent = t.percent,
        trade_won = t.pips > 0, trade_closed_at = t.closed
    FROM (SELECT count(*) AS trades, sum(pnl_money) AS money, sum(pnl_pips) AS pips, sum(pnl_percent) AS percent, max(exit_time) AS closed
          FROM public.trade_results WHERE tenant_id = NEW.tenant_id AND prediction_id = NEW.prediction_id) t
    WHERE p.tenant_id = NEW.tenant_id AND p.prediction_id = NEW.prediction_id;
    RETURN NULL;
END $$;
ALTER FUNCTION suho_private.write_trade_outcome() OWNER TO suho_owner;
CREATE OR REPLACE TRIGGER write_trade_outcome AFTER INSERT OR UPDATE ON suho_private.trade_results
    FOR EACH ROW EXECUTE FUNCTION suho_private.write_trade_outcome();

-- Writes what the market did; rows that name a horizon leave the others as they are. In plain partitions one prediction after the
-- other, each found by its key: a join would be planned with statistics, which a partition has not in its first minutes nor of
-- a tenant that is new in it, and without them PostgreSQL compares every outcome with every prediction of the tenant. On
-- TimescaleDB a join, which looks at each chunk once: a plan for any row would open all chunks for every row.
CREATE OR REPLACE FUNCTION public.suho_write_outcomes(outcomes json) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    o record;
BEGIN
    IF EXISTS (SELECT FROM pg_extension WHERE extname = 'timescaledb') THEN
        EXECUTE $update$
            UPDATE public.ml_predictions p
            SET actual_1h = coalesce(n.actual_1h, p.actual_1h), return_1h = coalesce(n.return_1h, p.return_1h),
                resolved_1h = coalesce(n.resolved_1h, p.resolved_1h),
                actual_4h = coalesce(n.actual_4h, p.actual_4h), return_4h = coalesce(n.return_4h, p.return_4h),
                resolved_4h = coalesce(n.resolved_4h, p.resolved_4h),
                actual_1d = coalesce(n.actual_1d, p.actual_1d), return_1d = coalesce(n.return_1d, p.return_1d),
                resolved_1d = coalesce(n.resolved_1d, p.resolved_1d)
            FROM json_to_recordset($1) AS n(
                id uuid, bar timestamptz,
                actual_1h smallint, actual_4h smallint, actual_1d smallint,
                return_1h double precision, return_4h double precision, return_1d double precision,
                resolved_1h timestamptz, resolved_4h timestamptz, resolved_1d timestamptz)
            WHERE p.prediction_id = n.id AND p.bar_close_time = n.bar
        $update$ USING outcomes;
        RETURN;
    END IF;
    FOR o IN SELECT * FROM json_to_recordset(outcomes) AS r(
        id uuid, bar timestamptz,
        actual_1h smallint, actual_4h smallint, actual_1d smallint,
        return_1h double precision, return_4h double precision, return_1d double precision,
        resolved_1h timestamptz, resolved_4h timestamptz, resolved_1d timestamptz)
    LOOP
        UPDATE public.ml_predictions p
        SET actual_1h = coalesce(o.actual_1h, p.actual_1h), return_1h = coalesce(o.return_1h, p.return_1h),
            resolved_1h = coalesce(o.resolved_1h, p.resolved_1h),
            actual_4h = coalesce(o.actual_4h, p.actual_4h), return_4h = coalesce(o.return_4h, p.return_4h),
            resolved_4h = coalesce(o.resolved_4h, p.resolved_4h),
            actual_1d = coalesce(o.actual_1d, p.actual_1d), return_1d = coalesce(o.return_1d, p.return_1d),
            resolved_1d = coalesce(o.resolved_1d, p.resolved_1d)
        -- The bar's time is in the condition so that only its partition is looked at.
        WHERE p.prediction_id = o.id AND p.bar_close_time = o.bar;
    END LOOP;
END $$;

-- Makes the partitions that rows of these times need; nothing to do on TimescaleDB.
CREATE OR REPLACE FUNCTION public.suho_make_partitions(parent text, times timestamptz[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    first timestamptz;
    made  text;
BEGIN
    IF parent NOT IN ('ml_predictions', 'trade_results', 'model_performance_timeseries') THEN
        RAISE EXCEPTION 'there is no table %', parent USING ERRCODE = 'undefined_table';
    END IF;
    IF suho_private.tier() <> 'postgresql' THEN RETURN; END IF;
    FOR first IN SELECT DISTINCT date_trunc('month', t, 'UTC') FROM unnest(times) t LOOP
        made := parent || '_' || to_char(first AT TIME ZONE 'UTC', 'YYYYMM');
        CONTINUE WHEN to_regclass('suho_private.' || made) IS NOT NULL;
        PERFORM pg_advisory_xact_lock(728310503);
        CONTINUE WHEN to_regclass('suho_private.' || made) IS NOT NULL;
        -- A prediction is written again for each of its outcomes: on its own page, where that has room, and no index is touched.
        EXECUTE format('CREATE TABLE suho_private.%I PARTITION OF suho_private.%I FOR VALUES FROM (%L) TO (%L) WITH (fillfactor = %s)',
                       made, parent, first, (first AT TIME ZONE 'UTC' + INTERVAL '1 month') AT TIME ZONE 'UTC',
                       CASE parent WHEN 'ml_predictions' THEN 50 ELSE 100 END);
        INSERT INTO suho_private.partitions (parent, name, ends)
            VALUES (parent, made, (first AT TIME ZONE 'UTC' + INTERVAL '1 month') AT TIME ZONE 'UTC');
    END LOOP;
END $$;

-- Stretches of predictions past their 90 days: a partition by month, or the chunks of a span of time, with their tables.
CREATE OR REPLACE FUNCTION suho_private.expired_predictions()
    RETURNS TABLE (bars_from timestamptz, bars_to timestamptz, tables regclass[])
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog AS $$
BEGIN
    IF suho_private.tier() = 'postgresql' THEN
        RETURN QUERY
            SELECT m.first AT TIME ZONE 'UTC', (m.first + INTERVAL '1 month') AT TIME ZONE 'UTC',
                   ARRAY[to_regclass('suho_private.' || p.name)]
            FROM suho_private.partitions p, LATERAL (SELECT to_date(right(p.name, 6), 'YYYYMM')::timestamp AS first) m
            WHERE p.parent = 'ml_predictions' AND p.created_at < now() - INTERVAL '90 days' AND p.ends < now() - INTERVAL '90 days'
                  AND to_regclass('suho_private.' || p.name) IS NOT NULL
            ORDER BY 1;
    ELSE
        RETURN QUERY EXECUTE format($query$
            SELECT c.range_start, c.range_end, array_agg(format('%%I.%%I', c.chunk_schema, c.chunk_name)::regclass)
            FROM timescaledb_information.chunks c
            WHERE c.hypertable_schema = 'suho_private' AND c.hypertable_name = 'ml_predictions'
            GROUP BY 1, 2
            HAVING bool_and(format('%%I.%%I', c.chunk_schema, c.chunk_name)::regclass IN
                (SELECT %s.show_chunks('suho_private.ml_predictions'::regclass, created_before => now() - INTERVAL '90 days')))
            ORDER BY 1
        $query$, (SELECT extnamespace::regnamespace FROM pg_extension WHERE extname = 'timescaledb'));
    END IF;
END $$;
ALTER FUNCTION suho_private.expired_predictions() OWNER TO suho_owner;

-- Whose rows tables hold, as pairs of a tenant and a user, which is null for rows of the whole tenant; and a digest that differs
-- when any row does. Up to version 4 users were left out, and with them what they had.
DROP FUNCTION IF EXISTS public.suho_expired_predictions();
DROP FUNCTION IF EXISTS suho_private.digest_of(regclass[]);
CREATE FUNCTION suho_private.digest_of(tables regclass[], OUT owners jsonb, OUT digest text)
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog AS $$
DECLARE
    each  regclass;
    found record;
    total bigint := 0;
    hash  bigint := 0;
BEGIN
    owners := '[]';
    FOREACH each IN ARRAY tables LOOP
        EXECUTE format('SELECT count(*) AS n, coalesce(bit_xor(hashtextextended(t::text, 0)), 0) AS hash,
                               coalesce(jsonb_agg(DISTINCT jsonb_build_array(t.tenant_id, t.user_id)), ''[]'') AS owners FROM %s t', each) INTO found;
        total := total + found.n;
        hash := hash # found.hash;
        owners := owners || found.owners;
    END LOOP;
    owners := coalesce((SELECT jsonb_agg(DISTINCT each_owner) FROM jsonb_array_elements(owners) AS each_owner), '[]');
    digest := total || ' ' || hash;
END $$;
ALTER FUNCTION suho_private.digest_of(regclass[]) OWNER TO suho_owner;

-- What an engine stores elsewhere before it has it dropped. Nothing for one that asks as a tenant.
CREATE FUNCTION public.suho_expired_predictions()
    RETURNS TABLE (bars_from timestamptz, bars_to timestamptz, owners jsonb, digest text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT e.bars_from, e.bars_to, d.owners, d.digest
    FROM suho_private.expired_predictions() e, LATERAL suho_private.digest_of(e.tables) d
    WHERE current_setting('suho.scope', true) = 'platform'
$$;

-- Drops a stretch whose rows are still those of the digest; whether it did.
CREATE OR REPLACE FUNCTION public.suho_drop_predictions(first timestamptz, last timestamptz, stored text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    wanted record;
    each   regclass;
BEGIN
    IF current_setting('suho.scope', true) IS DISTINCT FROM 'platform' THEN RETURN false; END IF;
    -- Nobody writes between the look at the rows and their end.
    LOCK TABLE suho_private.ml_predictions IN ACCESS EXCLUSIVE MODE;
    SELECT * INTO wanted FROM suho_private.expired_predictions() e WHERE e.bars_from = first AND e.bars_to = last;
    IF NOT FOUND OR (SELECT d.digest FROM suho_private.digest_of(wanted.tables) d) <> stored THEN RETURN false; END IF;
    IF suho_private.tier() = 'postgresql' THEN
        FOREACH each IN ARRAY wanted.tables LOOP
            DELETE FROM suho_private.partitions p WHERE to_regclass('suho_private.' || p.name) = each;
            EXECUTE format('DROP TABLE %s', each);
        END LOOP;
    ELSE
        EXECUTE format('SELECT count(*) FROM %s.drop_chunks(''suho_private.ml_predictions''::regclass, older_than => $1, newer_than => $2)',
                       (SELECT extnamespace::regnamespace FROM pg_extension WHERE extname = 'timescaledb')) USING last, first;
    END IF;
    RETURN true;
END $$;

-- Drops trades and performance past their time; the engine asks for it once a day. Predictions go when they are stored
-- elsewhere (suho_drop_predictions).
CREATE OR REPLACE FUNCTION public.suho_apply_retention() RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    kept    record;
    old     record;
    dropped integer := 0;
BEGIN
    FOR kept IN SELECT * FROM (VALUES ('trade_results', INTERVAL '3 years'), ('model_performance_timeseries', INTERVAL '3 years')) v(name, age) LOOP
        IF suho_private.tier() = 'postgresql' THEN
            FOR old IN SELECT name FROM suho_private.partitions
                       WHERE parent = kept.name AND created_at < now() - kept.age AND ends < now() - kept.age LOOP
                EXECUTE format('DROP TABLE IF EXISTS suho_private.%I', old.name);
                DELETE FROM suho_private.partitions WHERE name = old.name;
                dropped := dropped + 1;
            END LOOP;
        ELSE
            EXECUTE format('SELECT count(*) FROM %s.drop_chunks(%L::regclass, created_before => $1)',
                           (SELECT extnamespace::regnamespace FROM pg_extension WHERE extname = 'timescaledb'), 'suho_private.' || kept.name)
                INTO old USING now() - kept.age;
            dropped := dropped + old.count;
        END IF;
    END LOOP;
    RETURN dropped;
END $$;

-- Counts a tenant's predictions of whole hours anew into model_performance_timeseries: over one horizon each, for an outcome
-- changes nothing of the others.
DROP FUNCTION IF EXISTS public.suho_record_performance(timestamptz[]);
CREATE OR REPLACE FUNCTION public.suho_record_performance(hours timestamptz[], horizons text[]) RETURNS void
    LANGUAGE sql SET search_path = pg_catalog AS $$
    INSERT INTO public.model_performance_timeseries AS kept
        (bucket, tenant_id, symbol, timeframe, model_version, arm, horizon, predictions, resolved, correct, accuracy, brier, log_loss,
         mean_return, trades, trade_pnl_pips)
    SELECT o.hour, p.tenant_id, p.symbol, p.timeframe, p.model_version, p.arm, o.horizon,
           count(*), count(h.actual), count(*) FILTER (WHERE h.actual = h.predicted),
           (count(*) FILTER (WHERE h.actual = h.predicted))::double precision / nullif(count(h.actual), 0),
           avg((h.down - (h.actual = -1)::integer) ^ 2 + (h.flat - (h.actual = 0)::integer) ^ 2 + (h.up - (h.actual = 1)::integer) ^ 2)
               FILTER (WHERE h.actual IS NOT NULL),
           avg(-ln(greatest(CASE h.actual WHEN -1 THEN h.down WHEN 0 THEN h.flat WHEN 1 THEN h.up END, 1e-15))),
           avg(h.predicted * h.return), sum(p.trades), sum(p.trade_pnl_pips)
    FROM (SELECT DISTINCT date_trunc('hour', t, 'UTC') AS hour, horizon FROM unnest(hours, horizons) u(t, horizon)) o
    -- The bounds are for the partitions, the equality for a hash join: ranges alone would be searched hour by hour.
    JOIN public.ml_predictions p ON date_trunc('hour', p.bar_close_time, 'UTC') = o.hour
        AND p.bar_close_time >= (SELECT date_trunc('hour', min(t), 'UTC') FROM unnest(hours) t)
        AND p.bar_close_time < (SELECT date_trunc('hour', max(t), 'UTC') + INTERVAL '1 hour' FROM unnest(hours) t)
    CROSS JOIN LATERAL (SELECT
        CASE o.horizon WHEN '1h' THEN p.actual_1h WHEN '4h' THEN p.actual_4h ELSE p.actual_1d END AS actual,
        CASE o.horizon WHEN '1h' THEN p.predicted_1h WHEN '4h' THEN p.predicted_4h ELSE p.predicted_1d END AS predicted,
        CASE o.horizon WHEN '1h' THEN p.down_1h WHEN '4h' THEN p.down_4h ELSE p.down_1d END AS down,
        CASE o.horizon WHEN '1h' THEN p.flat_1h WHEN '4h' THEN p.flat_4h ELSE p.flat_1d END AS flat,
        CASE o.horizon WHEN '1h' THEN p.up_1h WHEN '4h' THEN p.up_4h ELSE p.up_1d END AS up,
        CASE o.horizon WHEN '1h' THEN p.return_1h WHEN '4h' THEN p.return_4h ELSE p.return_1d END AS return) h
    -- What single users' own models say is for them alone.
    WHERE p.tenant_id = public.suho_tenant() AND p.user_id IS NULL
    GROUP BY 1, 2, 3, 4, 5, 6, 7
    ON CONFLICT (bucket, tenant_id, symbol, timeframe, model_version, arm, horizon) DO UPDATE
    SET predictions = excluded.predictions, resolved = excluded.resolved, correct = excluded.correct, accuracy = excluded.accuracy,
        brier = excluded.brier, log_loss = excluded.log_loss, mean_return = excluded.mean_return, trades = excluded.trades,
        trade_pnl_pips = excluded.trade_pnl_pips, updated_at = now()
    WHERE (kept.predictions, kept.resolved, kept.correct, kept.brier, kept.log_loss, kept.mean_return, kept.trades, kept.trade_pnl_pips)
        IS DISTINCT FROM (excluded.predictions, excluded.resolved, excluded.correct, excluded.brier, excluded.log_loss,
                          excluded.mean_return, excluded.trades, excluded.trade_pnl_pips)
$$;

DO $$
DECLARE
    wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['suho_make_partitions(text, timestamptz[])', 'suho_apply_retention()',
                                  'suho_expired_predictions()', 'suho_drop_predictions(timestamptz, timestamptz, text)',
                                  'suho_record_performance(timestamptz[], text[])', 'suho_write_outcomes(json)'] LOOP
        EXECUTE format('ALTER FUNCTION public.%s OWNER TO suho_owner', wanted);
        EXECUTE format('REVOKE ALL ON FUNCTION public.%s FROM PUBLIC', wanted);
        EXECUTE format('GRANT EXECUTE ON FUNCTION public.%s TO suho_engine', wanted);
    END LOOP;
END $$;

INSERT INTO suho_private.schema_versions (file, version) VALUES ('03_timescaledb_predictions', 7)
    ON CONFLICT (file) DO UPDATE SET version = excluded.version, applied_at = now();
COMMIT;
