-- Shared by the scripts that write positions: it is put before each of them.
--
-- A hash per account: the video's id -> "<client time, ms since the epoch>:<position, ms>", or "<client time>:-" where
-- the viewer had it forgotten. Of two positions of a video the later one stays; of the same time, the one that is
-- forgotten. The field "*" says that the account's positions were loaded from Postgres once: "1" that they were all, so
-- that a video without a field has none; "0" that they were the newest, so that Postgres has to be asked for a video
-- without a field. A hash that has grown to its bound starts anew, and is loaded from Postgres by the next session.
local POSITIONS_MAX = 1000
local FORGOTTEN = '-'

-- Gives the value that counts now.
local function keep_position(key, video, client_time_ms, position_ms, ttl_ms)
  local known = redis.call('HGET', key, video)
  if known then
    local known_ms, told_ms = tonumber(string.match(known, '^%d+')), tonumber(client_time_ms)
    if known_ms > told_ms or known_ms == told_ms and position_ms ~= FORGOTTEN then
      return known
    end
  elseif redis.call('HLEN', key) >= POSITIONS_MAX then
    redis.call('DEL', key)
  end
  local kept = client_time_ms .. ':' .. position_ms
  redis.call('HSET', key, video, kept)
  redis.call('PEXPIRE', key, ttl_ms)
  return kept
end

