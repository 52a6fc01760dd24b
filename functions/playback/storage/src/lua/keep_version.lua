-- Keeps one field of a read model, unless a later version is known. What no store could confirm takes the place of
-- earlier versions alone.
--
-- KEYS  1 read model
-- ARGV  1 version  2 name of the field  3 its value  4 lifetime, ms
--       5 its field `since`, where no store could confirm it, or ""
-- Gives 1 where it was kept, otherwise 0.
local known = redis.call('HGET', KEYS[1], 'version')
if known and (tonumber(known) > tonumber(ARGV[1]) or (known == ARGV[1] and ARGV[5] ~= '')) then
  return 0
end
redis.call('HSET', KEYS[1], 'version', ARGV[1], ARGV[2], ARGV[3])
if ARGV[5] == '' then
  redis.call('HDEL', KEYS[1], 'since')
else
  redis.call('HSET', KEYS[1], 'since', ARGV[5])
end
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return 1
