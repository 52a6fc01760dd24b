-- Forgets where a viewer stopped, whatever was known of it until now: also where a client's clock ran ahead.
--
-- KEYS  1 positions of the account
-- ARGV  1 lifetime of the hash, ms  2 video  3 now, ms
-- Gives the value that counts now, or nothing where Postgres may know a position that is not here.
local known = redis.call('HMGET', KEYS[1], ARGV[2], '*')
if not known[1] and known[2] ~= '1' then
  return { false }
end
local time_ms = ARGV[3]
local known_ms = known[1] and string.match(known[1], '^%d+')
if known_ms and tonumber(known_ms) > tonumber(time_ms) then
  time_ms = known_ms
end
return { keep_position(KEYS[1], ARGV[2], time_ms, FORGOTTEN, ARGV[1]) }
