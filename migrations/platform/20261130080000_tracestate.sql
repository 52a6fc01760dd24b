-- What vendors say of the trace that an event or a timer belongs to (W3C tracestate) goes with it, beside traceparent.
ALTER TABLE outbox ADD COLUMN tracestate text;
ALTER TABLE timers ADD COLUMN tracestate text;
