-- Keeps one field of a read model, unless a later version is known.
--
-- KEYS  1 read model
-- ARGV  1 version  2 name of the field  3 its value  4 lifetime, ms
-- Gives 1 where this version is the one that is known now, otherwise 0.
local known = redis.call('HGET', KEYS[1], 'version')
if known and tonumber(known) > tonumber(ARGV[1]) then
  return 0
end
redis.call('HSET', KEYS[1], 'version', ARGV[1], ARGV[2], ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return 1
