-- Keeps the state of an account, unless a later one is known.
--
-- KEYS  1 the account
-- ARGV  1 version  2 state  3 lifetime, ms
-- Gives 1 where this version is the one that is known now, otherwise 0.
local known = redis.call('HGET', KEYS[1], 'version')
if known and tonumber(known) > tonumber(ARGV[1]) then
  return 0
end
redis.call('HSET', KEYS[1], 'version', ARGV[1], 'state', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
