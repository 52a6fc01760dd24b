-- Shared by the scripts that write positions: it is put before each of them.
--
-- A hash per account: the video's id -> "<client time, ms since the epoch>:<position, ms>". Of two positions of
-- a video the later one stays. The field "*" says that the account's positions were loaded from Postgres once: "1"
-- that they were all, so that a video without a field has none; "0" that they were the newest, so that Postgres has
-- to be asked for a video without a field. A hash that has grown to its bound starts anew, and is loaded from
-- Postgres by the next session.
local POSITIONS_MAX = 1000

-- Gives the value that counts now.
local function keep_position(key, video, client_time_ms, position_ms, ttl_ms)
  local known = redis.call('HGET', key, video)
  if known and tonumber(string.match(known, '^%d+')) >= tonumber(client_time_ms) then
    return known
  end
  if not known and redis.call('HLEN', key) >= POSITIONS_MAX then
    redis.call('DEL', key)
  end
  local kept = client_time_ms .. ':' .. position_ms
  redis.call('HSET', key, video, kept)
  redis.call('PEXPIRE', key, ttl_ms)
  return kept
end

