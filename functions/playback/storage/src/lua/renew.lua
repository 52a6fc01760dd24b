-- Notes that a session's manifest URL was signed anew. A session that has ended meanwhile does not come back.
--
-- KEYS  1 the session
-- ARGV  1 when the new URL expires, s  2 the network that it is bound to, or ""
-- Gives 1 where the session was there, otherwise 0.
if redis.call('HEXISTS', KEYS[1], 'video') == 0 then
  return 0
end
redis.call('HSET', KEYS[1], 'expires_s', ARGV[1], 'network', ARGV[2])
return 1
