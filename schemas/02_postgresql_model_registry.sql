-- The model registry, API keys with it. PostgreSQL 14 or newer. Safe to apply again, by several at once.
--
-- Three levels: a platform's model (tenant_id and user_id NULL) is for everyone, a tenant's (user_id NULL) for all
-- its users, a user's for that user. Every table is under row-level security by what the transaction says of
-- itself: SET LOCAL suho.tenant_id, suho.user_id, and suho.scope = 'platform' for whoever writes platform models.
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

CREATE SCHEMA IF NOT EXISTS ml_registry AUTHORIZATION suho_owner;
GRANT USAGE ON SCHEMA ml_registry TO suho_engine;
SET LOCAL ROLE suho_owner;

CREATE OR REPLACE FUNCTION ml_registry.may_see(tenant text, usr text) RETURNS boolean LANGUAGE sql STABLE
    AS $$ SELECT (tenant IS NULL AND usr IS NULL)
              OR coalesce(tenant = public.suho_tenant() AND (usr IS NULL OR usr = public.suho_user()), false) $$;

CREATE OR REPLACE FUNCTION ml_registry.may_write(tenant text, usr text) RETURNS boolean LANGUAGE sql STABLE
    AS $$ SELECT CASE WHEN tenant IS NULL THEN usr IS NULL AND current_setting('suho.scope', true) IS NOT DISTINCT FROM 'platform'
                 ELSE coalesce(tenant = public.suho_tenant() AND (usr IS NULL OR usr = public.suho_user()), false) END $$;

CREATE TABLE IF NOT EXISTS ml_registry.models (
    model_id            uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id           text,
    user_id             text,
    -- What it is for; versions count within scope and name. The engine uses feed/symbol/timeframe.
    name                text NOT NULL CHECK (name <> ''),
    version             text NOT NULL CHECK (version ~ '^v[0-9]+\.[0-9]+\.[0-9]+$'),
    architecture        text NOT NULL,
    framework           text NOT NULL DEFAULT 'onnx',
    hyperparameters     jsonb NOT NULL DEFAULT '{}',
    feature_set_version text NOT NULL,
    metrics             jsonb NOT NULL DEFAULT '{}',
    artifact_uri        text NOT NULL,
    artifact_sha256     text NOT NULL CHECK (artifact_sha256 ~ '^[0-9a-f]{64}$'),
    -- The embedding model that goes with it.
    encoder_uri         text,
    encoder_sha256      text CHECK (encoder_sha256 ~ '^[0-9a-f]{64}$'),
    parent_model_id     uuid REFERENCES ml_registry.models,
    status              text NOT NULL DEFAULT 'draft' CHECK (status IN
                            ('draft', 'validated', 'staging', 'shadow', 'canary', 'production', 'deprecated', 'archived')),
    -- Share of the bars a canary serves.
    traffic             double precision CHECK (traffic > 0 AND traffic < 1),
    -- How a shadow or canary is tried: whether its outcomes decide by themselves, in an A/B test until when.
    trial               jsonb,
    -- What the engine needs to serve it: embedding version, anomaly scale, horizons with skill, training window.
    serving             jsonb NOT NULL DEFAULT '{}',
    created_at          timestamptz NOT NULL DEFAULT now(),
    status_changed_at   timestamptz NOT NULL DEFAULT now(),
    CHECK (user_id IS NULL OR tenant_id IS NOT NULL)
);
-- What an earlier version of this file made lacks.
ALTER TABLE ml_registry.models ADD COLUMN IF NOT EXISTS traffic double precision CHECK (traffic > 0 AND traffic < 1);
ALTER TABLE ml_registry.models ADD COLUMN IF NOT EXISTS trial jsonb;
ALTER TABLE ml_registry.models DROP CONSTRAINT IF EXISTS models_status_check;
ALTER TABLE ml_registry.models ADD CONSTRAINT models_status_check CHECK (status IN
    ('draft', 'validated', 'staging', 'shadow', 'canary', 'production', 'deprecated', 'archived'));
-- There is no canary without a share. Of every tenant, so row-level security is not forced upon the owner until below.
ALTER TABLE ml_registry.models NO FORCE ROW LEVEL SECURITY;
UPDATE ml_registry.models SET traffic = 0.1 WHERE status = 'canary' AND traffic IS NULL;
ALTER TABLE ml_registry.models DROP CONSTRAINT IF EXISTS models_canary_share;
ALTER TABLE ml_registry.models ADD CONSTRAINT models_canary_share CHECK ((status = 'canary') = (traffic IS NOT NULL));
CREATE UNIQUE INDEX IF NOT EXISTS models_version
    ON ml_registry.models (coalesce(tenant_id, ''), coalesce(user_id, ''), name, version);
-- However many engines promote at once, one of them holds production.
CREATE UNIQUE INDEX IF NOT EXISTS models_one_production
    ON ml_registry.models (coalesce(tenant_id, ''), coalesce(user_id, ''), name) WHERE status = 'production';
CREATE UNIQUE INDEX IF NOT EXISTS models_one_canary
    ON ml_registry.models (coalesce(tenant_id, ''), coalesce(user_id, ''), name) WHERE status = 'canary';
CREATE INDEX IF NOT EXISTS models_artifact ON ml_registry.models (artifact_sha256);

CREATE TABLE IF NOT EXISTS ml_registry.training_jobs (
    job_id          uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id       text,
    user_id         text,
    model_id        uuid REFERENCES ml_registry.models,
    name            text NOT NULL,
    status          text NOT NULL DEFAULT 'queued' CHECK (status IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
    cause           text NOT NULL DEFAULT 'requested',
    hyperparameters jsonb NOT NULL DEFAULT '{}',
    data_from       timestamptz,
    data_through    timestamptz,
    rows            bigint,
    error           text,
    queued_at       timestamptz NOT NULL DEFAULT now(),
    started_at      timestamptz,
    finished_at     timestamptz,
    CHECK (user_id IS NULL OR tenant_id IS NOT NULL)
);

CREATE TABLE IF NOT EXISTS ml_registry.model_evaluations (
    evaluation_id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id     text,
    user_id       text,
    model_id      uuid NOT NULL REFERENCES ml_registry.models,
    kind          text NOT NULL,
    horizon       text,
    data_from     timestamptz,
    data_through  timestamptz,
    metrics       jsonb NOT NULL,
    evaluated_at  timestamptz NOT NULL DEFAULT now(),
    CHECK (user_id IS NULL OR tenant_id IS NOT NULL)
);
CREATE INDEX IF NOT EXISTS model_evaluations_model ON ml_registry.model_evaluations (model_id);

CREATE TABLE IF NOT EXISTS ml_registry.model_deployments (
    deployment_id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id     text,
    user_id       text,
    model_id      uuid NOT NULL REFERENCES ml_registry.models,
    from_status   text NOT NULL,
    to_status     text NOT NULL,
    traffic       double precision CHECK (traffic BETWEEN 0 AND 1),
    reason        text,
    deployed_at   timestamptz NOT NULL DEFAULT now(),
    CHECK (user_id IS NULL OR tenant_id IS NOT NULL)
);
-- Who did it, in which role.
ALTER TABLE ml_registry.model_deployments ADD COLUMN IF NOT EXISTS actor text;
ALTER TABLE ml_registry.model_deployments ADD COLUMN IF NOT EXISTS role text;
CREATE INDEX IF NOT EXISTS model_deployments_model ON ml_registry.model_deployments (model_id);

-- Everything that was ever done to a model. Rows are added, by the triggers below alone, and never changed.
CREATE TABLE IF NOT EXISTS ml_registry.model_audit (
    audit_id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at          timestamptz NOT NULL DEFAULT clock_timestamp(),
    tenant_id   text,
    user_id     text,
    model_id    uuid NOT NULL REFERENCES ml_registry.models,
    name        text NOT NULL,
    version     text NOT NULL,
    from_status text,
    to_status   text NOT NULL,
    traffic     double precision,
    trial       jsonb,
    actor       text NOT NULL,
    role        text,
    reason      text,
    CHECK (user_id IS NULL OR tenant_id IS NOT NULL)
);
CREATE INDEX IF NOT EXISTS model_audit_model ON ml_registry.model_audit (model_id);

CREATE TABLE IF NOT EXISTS ml_registry.model_alerts (
    alert_id        uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id       text,
    user_id         text,
    model_id        uuid NOT NULL REFERENCES ml_registry.models,
    kind            text NOT NULL,
    severity        text NOT NULL CHECK (severity IN ('info', 'warning', 'critical')),
    details         jsonb NOT NULL DEFAULT '{}',
    raised_at       timestamptz NOT NULL DEFAULT now(),
    acknowledged_at timestamptz,
    resolved_at     timestamptz,
    CHECK (user_id IS NULL OR tenant_id IS NOT NULL)
);

-- Version 2: what monitors compare with, an alert's life, and the queue of trainings.
ALTER TABLE ml_registry.models ADD COLUMN IF NOT EXISTS training_facts bytea;
ALTER TABLE ml_registry.model_alerts
    ADD COLUMN IF NOT EXISTS series text NOT NULL DEFAULT '',
    ADD COLUMN IF NOT EXISTS summary text NOT NULL DEFAULT '',
    ADD COLUMN IF NOT EXISTS acknowledged_by text,
    ADD COLUMN IF NOT EXISTS resolved_by text;
-- However many engines and bars find the same, it is one alert until it is closed.
CREATE UNIQUE INDEX IF NOT EXISTS model_alerts_one_open
    ON ml_registry.model_alerts (coalesce(tenant_id, ''), coalesce(user_id, ''), model_id, series, kind) WHERE resolved_at IS NULL;
CREATE INDEX IF NOT EXISTS model_alerts_raised ON ml_registry.model_alerts (raised_at);
ALTER TABLE ml_registry.training_jobs
    ADD COLUMN IF NOT EXISTS series text NOT NULL DEFAULT '',
    ADD COLUMN IF NOT EXISTS priority integer NOT NULL DEFAULT 0,
    ADD COLUMN IF NOT EXISTS reason text NOT NULL DEFAULT '',
    ADD COLUMN IF NOT EXISTS attempts integer NOT NULL DEFAULT 0,
    ADD COLUMN IF NOT EXISTS cpu_ms bigint,
    ADD COLUMN IF NOT EXISTS claimed_by text,
    ADD COLUMN IF NOT EXISTS claimed_at timestamptz;
-- A series trains once at a time, whoever asks.
CREATE UNIQUE INDEX IF NOT EXISTS training_jobs_one_open
    ON ml_registry.training_jobs (coalesce(tenant_id, ''), coalesce(user_id, ''), series) WHERE status IN ('queued', 'running') AND series <> '';

CREATE TABLE IF NOT EXISTS ml_registry.experiments (
    experiment_id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id     text,
    user_id       text,
    name          text NOT NULL,
    hypothesis    text,
    arms          jsonb NOT NULL,
    status        text NOT NULL DEFAULT 'planned' CHECK (status IN ('planned', 'running', 'stopped', 'concluded')),
    result        jsonb,
    created_at    timestamptz NOT NULL DEFAULT now(),
    started_at    timestamptz,
    concluded_at  timestamptz,
    CHECK (user_id IS NULL OR tenant_id IS NOT NULL)
);
CREATE UNIQUE INDEX IF NOT EXISTS experiments_name
    ON ml_registry.experiments (coalesce(tenant_id, ''), coalesce(user_id, ''), name);

-- Row-level security on all of them, for their owner as well.
DO $$
DECLARE
    wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['models', 'training_jobs', 'model_evaluations', 'model_deployments', 'model_audit', 'model_alerts', 'experiments'] LOOP
        EXECUTE format('ALTER TABLE ml_registry.%I ENABLE ROW LEVEL SECURITY', wanted);
        EXECUTE format('ALTER TABLE ml_registry.%I FORCE ROW LEVEL SECURITY', wanted);
        EXECUTE format('DROP POLICY IF EXISTS see ON ml_registry.%I', wanted);
        EXECUTE format('DROP POLICY IF EXISTS add ON ml_registry.%I', wanted);
        EXECUTE format('DROP POLICY IF EXISTS change ON ml_registry.%I', wanted);
        EXECUTE format('CREATE POLICY see ON ml_registry.%I FOR SELECT USING (ml_registry.may_see(tenant_id, user_id))', wanted);
        EXECUTE format('CREATE POLICY add ON ml_registry.%I FOR INSERT WITH CHECK (ml_registry.may_write(tenant_id, user_id))', wanted);
        EXECUTE format('CREATE POLICY change ON ml_registry.%I FOR UPDATE USING (ml_registry.may_write(tenant_id, user_id))
                        WITH CHECK (ml_registry.may_write(tenant_id, user_id))', wanted);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE ON ml_registry.%I TO suho_engine', wanted);
    END LOOP;
    DROP POLICY change ON ml_registry.model_audit;
    REVOKE UPDATE ON ml_registry.model_audit FROM suho_engine;
END $$;

CREATE OR REPLACE FUNCTION ml_registry.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit of models is only added to' USING ERRCODE = 'check_violation';
END $$;
CREATE OR REPLACE TRIGGER only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON ml_registry.model_audit
    FOR EACH STATEMENT EXECUTE FUNCTION ml_registry.refuse_change();

-- Counts everything that is done to any model, of whatever tenant; engines read again once it has changed. A row, not a
-- sequence: it is seen together with what it counts.
CREATE TABLE IF NOT EXISTS suho_private.model_revision (
    is_one   boolean PRIMARY KEY DEFAULT true CHECK (is_one),
    revision bigint NOT NULL
);
INSERT INTO suho_private.model_revision (revision) VALUES (0) ON CONFLICT DO NOTHING;
CREATE OR REPLACE FUNCTION ml_registry.revision() RETURNS bigint
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT revision FROM suho_private.model_revision
$$;
CREATE OR REPLACE FUNCTION ml_registry.count_act() RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS $$
    UPDATE suho_private.model_revision SET revision = revision + 1
$$;
-- Users with models of their own, which row-level security shows to nobody else: an engine asks whose plans to make.
CREATE TABLE IF NOT EXISTS suho_private.model_users (
    tenant_id text NOT NULL,
    user_id   text NOT NULL,
    PRIMARY KEY (tenant_id, user_id)
);
ALTER TABLE ml_registry.models NO FORCE ROW LEVEL SECURITY;
INSERT INTO suho_private.model_users SELECT DISTINCT tenant_id, user_id FROM ml_registry.models WHERE user_id IS NOT NULL
    ON CONFLICT DO NOTHING;
ALTER TABLE ml_registry.models FORCE ROW LEVEL SECURITY;
CREATE OR REPLACE FUNCTION ml_registry.model_users() RETURNS SETOF text
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT user_id FROM suho_private.model_users WHERE tenant_id = public.suho_tenant() ORDER BY user_id
$$;
CREATE OR REPLACE FUNCTION ml_registry.note_user(tenant text, usr text) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS $$
    INSERT INTO suho_private.model_users SELECT tenant, usr WHERE tenant = public.suho_tenant() AND usr = public.suho_user()
    ON CONFLICT DO NOTHING
$$;
REVOKE ALL ON FUNCTION ml_registry.model_users(), ml_registry.note_user(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ml_registry.model_users(), ml_registry.note_user(text, text) TO suho_engine;
-- What trainings of all tenants took: one budget for all engines of a registry. Kept by a trigger, under no tenant's eyes.
CREATE TABLE IF NOT EXISTS suho_private.training_time (
    job_id      uuid PRIMARY KEY,
    status      text NOT NULL,
    started_at  timestamptz,
    -- When the engine that runs it was heard of last.
    seen_at     timestamptz,
    finished_at timestamptz,
    cpu_ms      bigint NOT NULL
);
CREATE OR REPLACE FUNCTION ml_registry.note_training() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    IF NEW.series = '' THEN RETURN NULL; END IF;
    DELETE FROM suho_private.training_time WHERE coalesce(finished_at, seen_at) < NEW.claimed_at - INTERVAL '1 day';
    INSERT INTO suho_private.training_time AS t
        VALUES (NEW.job_id, NEW.status, NEW.started_at, NEW.claimed_at, NEW.finished_at,
                -- Of one that is cancelled its engine tells nothing more.
                coalesce(NEW.cpu_ms, 0) + CASE WHEN NEW.status = 'cancelled' AND OLD.status = 'running'
                    THEN greatest(0, extract(epoch FROM NEW.finished_at - NEW.started_at) * 1000)::bigint ELSE 0 END)
        ON CONFLICT (job_id) DO UPDATE SET status = excluded.status, started_at = excluded.started_at,
            seen_at = excluded.seen_at, finished_at = excluded.finished_at, cpu_ms = excluded.cpu_ms;
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER note_training AFTER UPDATE ON ml_registry.training_jobs
    FOR EACH ROW WHEN (NEW.claimed_at IS NOT NULL) EXECUTE FUNCTION ml_registry.note_training();
-- Milliseconds that trainings took in the hour before a time. One that runs counts by how long it has run, and at least as the
-- longest of the last day: of two that begin at once the second must not find room that the first will need.
CREATE OR REPLACE FUNCTION ml_registry.training_time(until timestamptz, stale_before timestamptz) RETURNS bigint
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT coalesce(sum(cpu_ms + CASE WHEN status <> 'running' THEN 0
               WHEN seen_at < stale_before THEN extract(epoch FROM seen_at - started_at) * 1000
               ELSE greatest(extract(epoch FROM until - started_at) * 1000, (SELECT max(cpu_ms) FROM suho_private.training_time))
               END), 0)::bigint
    FROM suho_private.training_time
    WHERE coalesce(finished_at, seen_at) > until - INTERVAL '1 hour'
$$;
REVOKE ALL ON FUNCTION ml_registry.training_time(timestamptz, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ml_registry.training_time(timestamptz, timestamptz) TO suho_engine;
REVOKE ALL ON FUNCTION ml_registry.count_act() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ml_registry.count_act() TO suho_engine;
REVOKE ALL ON FUNCTION ml_registry.revision() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ml_registry.revision() TO suho_engine;

-- The life of a model. Forward one step at a time, in a rollout perhaps as a shadow first; back from a failed rollout to
-- what it was before; production again after it was replaced (a rollback); archived is the end.
CREATE OR REPLACE FUNCTION ml_registry.is_legal_transition(from_status text, to_status text) RETURNS boolean
    LANGUAGE sql IMMUTABLE AS $$
    SELECT (from_status, to_status) IN (
        ('draft', 'validated'), ('draft', 'archived'),
        ('validated', 'staging'), ('validated', 'archived'),
        ('staging', 'shadow'), ('staging', 'canary'), ('staging', 'validated'), ('staging', 'archived'),
        ('shadow', 'canary'), ('shadow', 'staging'), ('shadow', 'archived'),
        ('canary', 'production'), ('canary', 'staging'), ('canary', 'archived'),
        ('production', 'deprecated'),
        ('deprecated', 'production'), ('deprecated', 'archived'))
$$;

CREATE OR REPLACE FUNCTION ml_registry.parts(version text) RETURNS integer[] LANGUAGE sql IMMUTABLE
    AS $$ SELECT string_to_array(substr(version, 2), '.')::integer[] $$;

-- A new model is a draft, and its version says what changed since its parent: architecture (framework and
-- hyperparameters with it) the first number, the feature set the second, retraining alone the third.
CREATE OR REPLACE FUNCTION ml_registry.check_new_model() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    parent ml_registry.models;
    own    integer[] := ml_registry.parts(NEW.version);
    base   integer[];
    legal  boolean;
    change text;
BEGIN
    IF NEW.status <> 'draft' THEN
        RAISE EXCEPTION 'a new model is a draft, not %', NEW.status USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.parent_model_id IS NULL THEN
        IF NEW.version <> 'v1.0.0' THEN
            RAISE EXCEPTION 'a model without a parent is v1.0.0, not %', NEW.version USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END IF;
    SELECT * INTO parent FROM ml_registry.models WHERE model_id = NEW.parent_model_id;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the parent % is not there', NEW.parent_model_id USING ERRCODE = 'foreign_key_violation';
    END IF;
    base := ml_registry.parts(parent.version);
    IF (NEW.architecture, NEW.framework, NEW.hyperparameters) IS DISTINCT FROM (parent.architecture, parent.framework, parent.hyperparameters) THEN
        change := 'the architecture';
        legal := own[1] > base[1] AND own[2] = 0 AND own[3] = 0;
    ELSIF NEW.feature_set_version <> parent.feature_set_version THEN
        change := 'the feature set';
        legal := own[1] = base[1] AND own[2] > base[2] AND own[3] = 0;
    ELSE
        change := 'nothing but the training';
        legal := own[1] = base[1] AND own[2] = base[2] AND own[3] > base[3];
    END IF;
    IF NOT legal THEN
        RAISE EXCEPTION 'since % % changed, so it cannot be %', parent.version, change, NEW.version USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE OR REPLACE FUNCTION ml_registry.check_changed_model() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.model_id, NEW.tenant_id, NEW.user_id, NEW.name, NEW.version, NEW.architecture, NEW.framework, NEW.feature_set_version,
        NEW.artifact_sha256, NEW.encoder_sha256, NEW.parent_model_id)
       IS DISTINCT FROM
       (OLD.model_id, OLD.tenant_id, OLD.user_id, OLD.name, OLD.version, OLD.architecture, OLD.framework, OLD.feature_set_version,
        OLD.artifact_sha256, OLD.encoder_sha256, OLD.parent_model_id) THEN
        RAISE EXCEPTION 'what a model is never changes; register another version' USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.status <> OLD.status THEN
        IF NOT ml_registry.is_legal_transition(OLD.status, NEW.status) THEN
            RAISE EXCEPTION 'illegal transition: % to %', OLD.status, NEW.status USING ERRCODE = 'check_violation';
        END IF;
        IF NEW.status = 'shadow' THEN
            PERFORM ml_registry.lock_models(NEW.tenant_id, NEW.user_id, NEW.name);
            IF (SELECT count(*) >= 4 FROM ml_registry.models WHERE tenant_id IS NOT DISTINCT FROM NEW.tenant_id
                AND user_id IS NOT DISTINCT FROM NEW.user_id AND name = NEW.name AND status = 'shadow') THEN
                RAISE EXCEPTION 'four shadows run already' USING ERRCODE = 'cardinality_violation';
            END IF;
        END IF;
        NEW.status_changed_at := now();
        IF NEW.status NOT IN ('shadow', 'canary') THEN
            NEW.trial := NULL;
        END IF;
        NEW.traffic := CASE WHEN NEW.status = 'canary' THEN coalesce(NEW.traffic, 0.1) END;
    END IF;
    RETURN NEW;
END $$;

-- Of several that change the models of one series, each waits for the one before.
CREATE OR REPLACE FUNCTION ml_registry.lock_models(tenant text, usr text, series text) RETURNS void LANGUAGE sql AS $$
    SELECT pg_advisory_xact_lock(hashtextextended(concat_ws('|', tenant, usr, series), 728310502))
$$;

-- What was done, by whom, in which role, and why, as the transaction says it: suho.actor, suho.role, suho.reason.
CREATE OR REPLACE FUNCTION ml_registry.record_act() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    who    text := coalesce(nullif(current_setting('suho.actor', true), ''), session_user);
    "as"   text := nullif(current_setting('suho.role', true), '');
    why    text := nullif(current_setting('suho.reason', true), '');
    before text;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF (NEW.status, NEW.traffic, NEW.trial) IS NOT DISTINCT FROM (OLD.status, OLD.traffic, OLD.trial) THEN
            RETURN NULL;
        END IF;
        before := OLD.status;
        INSERT INTO ml_registry.model_deployments (tenant_id, user_id, model_id, from_status, to_status, traffic, actor, role, reason)
            VALUES (NEW.tenant_id, NEW.user_id, NEW.model_id, before, NEW.status, NEW.traffic, who, "as", why);
    END IF;
    PERFORM ml_registry.count_act();
    IF TG_OP = 'INSERT' AND NEW.user_id IS NOT NULL THEN
        PERFORM ml_registry.note_user(NEW.tenant_id, NEW.user_id);
    END IF;
    INSERT INTO ml_registry.model_audit (tenant_id, user_id, model_id, name, version, from_status, to_status, traffic, trial, actor, role, reason)
        VALUES (NEW.tenant_id, NEW.user_id, NEW.model_id, NEW.name, NEW.version, before, NEW.status, NEW.traffic, NEW.trial, who, "as", why);
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER check_new BEFORE INSERT ON ml_registry.models
    FOR EACH ROW EXECUTE FUNCTION ml_registry.check_new_model();
CREATE OR REPLACE TRIGGER check_changed BEFORE UPDATE ON ml_registry.models
    FOR EACH ROW EXECUTE FUNCTION ml_registry.check_changed_model();
CREATE OR REPLACE TRIGGER record_act AFTER INSERT OR UPDATE ON ml_registry.models
    FOR EACH ROW EXECUTE FUNCTION ml_registry.record_act();

-- Makes a canary (or a deprecated model) production and deprecates the one that was, in one transaction. Of several
-- at once each waits for the one before: the last one holds production.
CREATE OR REPLACE FUNCTION ml_registry.promote(promoted uuid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    model ml_registry.models;
BEGIN
    SELECT * INTO model FROM ml_registry.models WHERE model_id = promoted;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the model % is not there', promoted USING ERRCODE = 'no_data_found';
    END IF;
    PERFORM ml_registry.lock_models(model.tenant_id, model.user_id, model.name);
    UPDATE ml_registry.models SET status = 'deprecated'
        WHERE tenant_id IS NOT DISTINCT FROM model.tenant_id AND user_id IS NOT DISTINCT FROM model.user_id
          AND name = model.name AND status = 'production' AND model_id <> promoted;
    UPDATE ml_registry.models SET status = 'production' WHERE model_id = promoted AND status <> 'production';
END $$;

-- API keys: never the key, its SHA-256 (a key is 256 random bits, so that is enough). Not under a tenant's eyes: the
-- engine learns whose a key is through a function, and nothing else.
CREATE TABLE IF NOT EXISTS suho_private.api_keys (
    key_id     text PRIMARY KEY,
    sha256     text NOT NULL UNIQUE CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    tenant_id  text NOT NULL CHECK (tenant_id <> ''),
    user_id    text,
    role       text NOT NULL CHECK (role IN ('viewer', 'trader', 'engineer', 'operator')),
    note       text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL DEFAULT now(),
    revoked_at timestamptz
);

CREATE OR REPLACE FUNCTION public.suho_active_keys() RETURNS TABLE (sha256 text, tenant_id text, user_id text, role text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT sha256, tenant_id, user_id, role FROM suho_private.api_keys WHERE revoked_at IS NULL
$$;
REVOKE ALL ON FUNCTION public.suho_active_keys() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION public.suho_active_keys() TO suho_engine;

CREATE OR REPLACE FUNCTION suho_private.tell_of_keys() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('suho_keys', '');
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER tell_of_keys AFTER INSERT OR UPDATE OR DELETE ON suho_private.api_keys
    FOR EACH STATEMENT EXECUTE FUNCTION suho_private.tell_of_keys();

RESET ROLE;

INSERT INTO suho_private.schema_versions (file, version) VALUES ('02_postgresql_model_registry', 3)
    ON CONFLICT (file) DO UPDATE SET version = excluded.version, applied_at = now();
COMMIT;
