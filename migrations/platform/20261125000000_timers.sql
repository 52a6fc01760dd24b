-- What a service wants to be reminded of: an event for one of its components, later, committed with the rows that it concerns.
CREATE TABLE timers (
    -- The id of the event, by which a second delivery is known.
    event_id text PRIMARY KEY,
    component text NOT NULL,
    -- What it is about. A component has one timer for each key: setting it again moves it.
    key text NOT NULL,
    type text NOT NULL,
    source text NOT NULL,
    traceparent text,
    data jsonb NOT NULL,
    due_at timestamptz NOT NULL,
    -- When it is to be delivered next: when it is due, after a failed delivery later, and during one after the time that it may take.
    ready_at timestamptz NOT NULL,
    deliveries bigint NOT NULL DEFAULT 0,
    -- Why the component refused it for good. It stays, for people to look at.
    refused text,
    CONSTRAINT timers_component_key UNIQUE (component, key)
);

CREATE INDEX timers_ready_at ON timers (ready_at) WHERE refused IS NULL;
