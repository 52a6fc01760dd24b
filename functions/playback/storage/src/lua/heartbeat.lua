-- Keeps a session and its slot for another while, and notes where the viewer is. A session whose slot was freed
-- meanwhile takes a new one, if there is one. One that Redis does not know, but that the caller vouches for, is taken in
-- on the same terms: it was opened while Redis was away, or Redis has lost it.
--
-- Every so often it says that the position is to be written to Postgres: to one caller only, since the time of
-- the last such word is kept in the session.
--
-- KEYS  1 streams of the account  2 the session  3 positions of the account  4 the account  5 its subscription
-- ARGV  1 session  2 now, ms  3 stream limit without a plan  4 lifetime of a slot, ms  5 lifetime of a session, ms
--       6 client time, ms  7 position, ms  8 state of the player  9 pause between writes to Postgres, ms
--       10 lifetime of the positions, ms  11 video, or "" where nobody vouches  12 when its URL expires, s
-- Gives outcome, video, when the manifest's URL expires (s), watched (ms), "1" where a write is due, position, streams.
--       unknown  there is no such session of this account
--       suspended  the account is: its slot is free
--       full     its slot was freed, and none is free now
--       kept
local session = redis.call('HMGET', KEYS[2], 'video', 'expires_s', 'at_ms', 'saved_ms', 'state', 'watched_ms', 'ended')
local is_new = not session[1] and not session[7] and ARGV[11] ~= ''
if is_new then
  session = { ARGV[11], ARGV[12], ARGV[2], '0', 'paused', '0' }
end
local video = session[1]
if not video then
  return { 'unknown' }
end

if redis.call('HGET', KEYS[4], 'state') == 'suspended' then
  redis.call('ZREM', KEYS[1], ARGV[1])
  return { 'suspended', video, session[2], session[6] }
end

local now_ms, slot_ttl_ms = tonumber(ARGV[2]), tonumber(ARGV[4])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now_ms - slot_ttl_ms)
if not redis.call('ZSCORE', KEYS[1], ARGV[1]) then
  local open = redis.call('ZCARD', KEYS[1])
  local subscription = redis.call('HGET', KEYS[5], 'told')
  if open >= stream_limit(subscription, tonumber(ARGV[3]), now_ms) then
    return { 'full', video, session[2], session[6], tostring(open), subscription and '1' or '0' }
  end
end
redis.call('ZADD', KEYS[1], 'GT', now_ms, ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[4])

local watched_ms = tonumber(session[6])
if session[5] == 'playing' then
  watched_ms = watched_ms + math.max(0, math.min(now_ms - tonumber(session[3]), slot_ttl_ms))
end
watched_ms = string.format('%d', watched_ms)
local due = now_ms - tonumber(session[4]) >= tonumber(ARGV[9])
local saved_ms = due and ARGV[2] or session[4]
if is_new then
  redis.call('HSET', KEYS[2], 'video', video, 'expires_s', session[2])
end
redis.call('HSET', KEYS[2], 'at_ms', ARGV[2], 'saved_ms', saved_ms, 'state', ARGV[8], 'watched_ms', watched_ms,
  'position', ARGV[6] .. ':' .. ARGV[7])
redis.call('PEXPIRE', KEYS[2], ARGV[5])
local position = keep_position(KEYS[3], video, ARGV[6], ARGV[7], ARGV[10])
return { 'kept', video, session[2], watched_ms, due and '1' or '0', position, streams_told(KEYS[1]) }
