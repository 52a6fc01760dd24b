-- Keeps a version of a video's read model, unless a later one is known. A new version takes with it what was
-- decided about the one before.
--
-- KEYS  1 read model of the video
-- ARGV  1 version  2 model  3 lifetime, ms
-- Gives 1 where this version is the one that is known now, otherwise 0.
local known = redis.call('HGET', KEYS[1], 'version')
if known and tonumber(known) > tonumber(ARGV[1]) then
  return 0
end
if known ~= ARGV[1] then
  redis.call('DEL', KEYS[1])
  redis.call('HSET', KEYS[1], 'version', ARGV[1], 'model', ARGV[2])
end
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
