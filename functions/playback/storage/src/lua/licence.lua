-- Takes a licence token, which is answered once, and not after its session has ended.
--
-- KEYS  1 the token  2 its session
-- ARGV  1 how long it is good for, ms
-- Gives ended, before or first.
if redis.call('HGET', KEYS[2], 'ended') then
  return { 'ended' }
end
if redis.call('SET', KEYS[1], '1', 'NX', 'PX', ARGV[1]) then
  return { 'first' }
end
return { 'before' }
