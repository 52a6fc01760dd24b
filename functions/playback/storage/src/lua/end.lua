-- Ends a session: frees its slot, and keeps its last position.
--
-- KEYS  1 streams of the account  2 the session  3 positions of the account
-- ARGV  1 session  2 now, ms  3 lifetime of a slot, ms  4 lifetime of the positions, ms
--       5 client time, ms, or ""  6 position, ms, or "": otherwise the last heartbeat's counts
-- Gives outcome, video, watched (ms), position.
--       unknown  there is no such session of this account
--       ended
local session = redis.call('HMGET', KEYS[2], 'video', 'at_ms', 'state', 'watched_ms', 'position')
local video = session[1]
if not video then
  return { 'unknown' }
end
redis.call('ZREM', KEYS[1], ARGV[1])
redis.call('DEL', KEYS[2])

local watched_ms = tonumber(session[4])
if session[3] == 'playing' then
  local since_ms = tonumber(ARGV[2]) - tonumber(session[2])
  watched_ms = watched_ms + math.max(0, math.min(since_ms, tonumber(ARGV[3])))
end
local client_time_ms, position_ms = ARGV[5], ARGV[6]
if position_ms == '' and session[5] then
  client_time_ms, position_ms = string.match(session[5], '^(%d+):(%d+)$')
end
local position = false
if position_ms ~= '' then
  position = keep_position(KEYS[3], video, client_time_ms, position_ms, ARGV[4])
end
return { 'ended', video, string.format('%d', watched_ms), position }
