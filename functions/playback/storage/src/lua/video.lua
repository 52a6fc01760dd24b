-- Keeps a version of a video's read model, unless a later one is known. A new version takes with it what was
-- decided about the one before. What no store could confirm takes the place of earlier versions alone, and gives its own to what one has
-- confirmed since, which may have the same version with what Admin decided beside.
--
-- KEYS  1 read model of the video
-- ARGV  1 version  2 model  3 lifetime, ms  4 its field `since`, where no store could confirm it, or ""
-- Gives 1 where it was kept, otherwise 0.
local known = redis.call('HGET', KEYS[1], 'version')
if known and (tonumber(known) > tonumber(ARGV[1]) or (known == ARGV[1] and ARGV[4] ~= '')) then
  return 0
end
if known ~= ARGV[1] or redis.call('HEXISTS', KEYS[1], 'since') == 1 then
  redis.call('DEL', KEYS[1])
  redis.call('HSET', KEYS[1], 'version', ARGV[1], 'model', ARGV[2])
end
if ARGV[4] ~= '' then
  redis.call('HSET', KEYS[1], 'since', ARGV[4])
end
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
