-- Ends a session: frees its slot, and keeps its last position. For a while it is known to have ended, so that nobody can
-- vouch for it any more.
--
-- KEYS  1 streams of the account  2 the session  3 positions of the account
-- ARGV  1 session  2 now, ms  3 lifetime of a slot, ms  4 lifetime of the positions, ms
--       5 client time, ms, or ""  6 position, ms, or "": otherwise the last heartbeat's counts
--       7 video, or "" where nobody vouches for a session that is not known  8 how long it is known to have ended, ms
-- Gives outcome, video, watched (ms), position, streams.
--       unknown  there is no such session of this account
--       ended
local session = redis.call('HMGET', KEYS[2], 'video', 'at_ms', 'state', 'watched_ms', 'position', 'ended')
if not session[1] and not session[6] and ARGV[7] ~= '' then
  session = { ARGV[7], ARGV[2], 'paused', '0', false }
end
local video = session[1]
if not video then
  return { 'unknown' }
end
redis.call('ZREM', KEYS[1], ARGV[1])
redis.call('DEL', KEYS[2])
redis.call('HSET', KEYS[2], 'ended', '1')
redis.call('PEXPIRE', KEYS[2], ARGV[8])

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
return { 'ended', video, string.format('%d', watched_ms), position, streams_told(KEYS[1]) }
