-- Redeems an authorization code, once.
--
-- KEYS  1 the code
-- ARGV  1 the client that shows it
--       2 seconds for which a second use is still known as one
-- Gives {"first", what the code stands for}, or {"again", the family that the first use gave}, or nothing. What
-- another client shows is not used up: it would take the code from whom it was given to.
if redis.call('HGET', KEYS[1], 'client') ~= ARGV[1] then
  return {}
end
if redis.call('HSETNX', KEYS[1], 'used', 1) == 0 then
  return {'again', redis.call('HGET', KEYS[1], 'family')}
end
local grant = redis.call('HGET', KEYS[1], 'grant')
redis.call('HDEL', KEYS[1], 'grant')
redis.call('EXPIRE', KEYS[1], ARGV[2])
return {'first', grant}
