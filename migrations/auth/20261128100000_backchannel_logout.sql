-- Clients are told of sessions that end, whatever ends them: a timer for each that was given something there and has an address for it.
CREATE FUNCTION tell_of_logout() RETURNS trigger
LANGUAGE plpgsql
-- Also where a session is deleted by somebody who is elsewhere.
SET search_path FROM CURRENT
AS $$
BEGIN
    INSERT INTO timers (event_id, component, key, type, source, data, due_at, ready_at)
    SELECT
        'logout:' || OLD.id || ':' || c.id,
        'auth-logout',
        OLD.id || ':' || c.id,
        'mcsp.auth.session.ended.v1',
        '/mcsp/auth',
        jsonb_build_object('session', OLD.id, 'account', OLD.account_id, 'client', c.id, 'ended_at', now()),
        now(),
        now()
    FROM clients c
    WHERE c.backchannel_logout_uri IS NOT NULL
        AND EXISTS (SELECT FROM refresh_families f WHERE f.session_id = OLD.id AND f.client_id = c.id);
    RETURN OLD;
END
$$;

-- Before, since what clients were given goes with the session. The row is locked by then: nobody is given anything in it meanwhile.
CREATE TRIGGER sessions_tell_of_logout BEFORE DELETE ON sessions
FOR EACH ROW EXECUTE FUNCTION tell_of_logout();
