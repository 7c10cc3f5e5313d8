"""What a client of gRPC's C core sees of an engine: one line of JSON. Arguments: its address, an API key, a folder of the built proto."""

import json
import sys

sys.path.insert(0, sys.argv[3])
import grpc
from google.rpc import error_details_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_status import rpc_status
from suho.v1 import suho_pb2 as pb, suho_pb2_grpc as api

address, key = sys.argv[1:3]
# Pings as often as the page says a client may, also without a call.
options = [
    ("grpc.keepalive_time_ms", 10_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_pings_without_data", 0),
]
channel = grpc.insecure_channel(address, options=options)
own = [("authorization", f"Bearer {key}")]
signals, market, engine = api.SignalServiceStub(channel), api.MarketDataServiceStub(channel), api.EngineServiceStub(channel)


def failure(call):
    """Status, reason, wrong field and seconds to wait of a call that fails."""
    try:
        answer = call()
        list(answer) if hasattr(answer, "__iter__") else answer
    except grpc.RpcError as error:
        said = {"code": error.code().name}
        status = rpc_status.from_call(error)
        for detail in status.details if status else []:
            for kind in (error_details_pb2.ErrorInfo, error_details_pb2.RetryInfo, error_details_pb2.BadRequest):
                part = kind()
                if not detail.Unpack(part):
                    continue
                if kind is error_details_pb2.ErrorInfo:
                    said |= {"reason": part.reason, "domain": part.domain, "metadata": dict(part.metadata)}
                elif kind is error_details_pb2.RetryInfo:
                    said["retry"] = part.retry_delay.ToMilliseconds()
                else:
                    said["field"] = part.field_violations[0].field
        return said
    return {"code": "OK"}


def publish(symbol, rows, compression=None):
    bars = [pb.Bar(open_time=1_704_067_200_000 + i * 3_600_000, open=1, high=1.2, low=0.9, close=1.1) for i in range(rows)]
    request = pb.PublishBarsRequest(request_id=1, symbol=symbol, timeframe=pb.TIMEFRAME_1H, bars=bars)
    return market.PublishBars(iter([request]), metadata=own, compression=compression)


health = health_pb2_grpc.HealthStub(channel)
names = ["", "readiness", "liveness", *sys.argv[4].split(",")]
status = {
    name: health_pb2.HealthCheckResponse.ServingStatus.Name(health.Check(health_pb2.HealthCheckRequest(service=name)).status)
    for name in names
}
print(
    json.dumps(
        {
            "health": status,
            "unknown_service": failure(lambda: health.Check(health_pb2.HealthCheckRequest(service="nothing"))),
            "gzip": next(publish("EURUSD", 1000, grpc.Compression.Gzip)).accepted,
            "deflate": next(publish("EURUSD", 1000, grpc.Compression.Deflate)).duplicates,
            "no_key": failure(lambda: engine.GetHealth(pb.GetHealthRequest())),
            "wrong_key": failure(lambda: engine.GetHealth(pb.GetHealthRequest(), metadata=[("authorization", "Bearer none")])),
            "wrong_field": failure(lambda: signals.GetLatestSignal(pb.GetLatestSignalRequest(symbol="EURUSD"), metadata=own)),
            "role": failure(lambda: engine.ListDeadLetters(pb.ListDeadLettersRequest(), metadata=own)),
            "quota": failure(lambda: publish("GBPUSD", 1)),
            "too_large": failure(lambda: publish("X" * (4 << 20), 1)),
            "cursor": failure(lambda: signals.StreamSignals(pb.StreamSignalsRequest(resume_after=1000), metadata=own)),
            "deadline": failure(lambda: signals.StreamSignals(pb.StreamSignalsRequest(), metadata=own, timeout=0.5)),
            "rate": failure(lambda: [engine.GetHealth(pb.GetHealthRequest(), metadata=own) for _ in range(60)]),
        }
    )
)
