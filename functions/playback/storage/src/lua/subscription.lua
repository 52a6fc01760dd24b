-- Keeps what an account has subscribed to, unless a later version is known.
--
-- KEYS  1 subscription of the account
-- ARGV  1 version  2 what was told, as `lua/stream_limit.lua` reads it  3 lifetime, ms
-- Gives 1 where this version is the one that is known now, otherwise 0.
local known = redis.call('HGET', KEYS[1], 'version')
if known and tonumber(known) > tonumber(ARGV[1]) then
  return 0
end
redis.call('HSET', KEYS[1], 'version', ARGV[1], 'told', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
