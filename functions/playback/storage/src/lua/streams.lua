-- Shared by the scripts that count streams: it is put before each of them.
--
-- Whoever may have to count without Redis is told which streams an account has: the newest of them, as many as are
-- counted there, as "<session> <last heard of, ms> <session> …".
local STREAMS_TOLD_MAX = 128

local function streams_told(key)
  return table.concat(redis.call('ZRANGE', key, 0, STREAMS_TOLD_MAX - 1, 'REV', 'WITHSCORES'), ' ')
end
