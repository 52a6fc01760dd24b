-- Keeps a position, or forgets the one that there is, where its client has seen the one that counts: another device's is not
-- written over.
--
-- KEYS  1 positions of the account
-- ARGV  1 lifetime of the hash, ms  2 video  3 client time, or now where it is to be forgotten, ms  4 position, ms, or "-"
--       5 and on: the entity tags of what was seen, "<client time>-<position>" in quotes
-- Gives outcome, and the value that counts now.
--       unknown  Postgres may know a position that is not here
--       stale    there is none, or it is none of these
--       written
local known = redis.call('HGET', KEYS[1], ARGV[2])
if not known then
  return { redis.call('HGET', KEYS[1], '*') == '1' and 'stale' or 'unknown' }
end
local known_ms, place = string.match(known, '^(%d+):(.+)$')
local tag, is_seen = '"' .. known_ms .. '-' .. place .. '"', false
for i = 5, #ARGV do
  is_seen = is_seen or ARGV[i] == tag
end
if place == FORGOTTEN or not is_seen then
  return { 'stale' }
end
local time_ms = ARGV[3]
if ARGV[4] == FORGOTTEN and tonumber(known_ms) > tonumber(time_ms) then
  time_ms = known_ms
end
return { 'written', keep_position(KEYS[1], ARGV[2], time_ms, ARGV[4], ARGV[1]) }
