-- Takes an attempt from each limit, or from none where one of them says to wait.
--
-- KEYS: the limits. ARGV, for each of them in turn: attempts without delay, milliseconds in which one attempt
-- is forgotten, the longest delay in milliseconds.
-- Gives for each limit in turn: milliseconds to wait (all 0: go on), attempts left without delay, milliseconds
-- until all attempts are forgotten.
local time = redis.call('TIME')
local now_ms = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)

local limits, is_blocked = {}, false
for i, key in ipairs(KEYS) do
    local stored = redis.call('HMGET', key, 'attempts', 'at_ms', 'next_ms')
    local limit = {
        key = key,
        free = tonumber(ARGV[3 * i - 2]),
        forget_ms = tonumber(ARGV[3 * i - 1]),
        delay_max_ms = tonumber(ARGV[3 * i]),
        wait_ms = math.max(0, (tonumber(stored[3]) or 0) - now_ms),
    }
    local forgotten = (now_ms - (tonumber(stored[2]) or now_ms)) / limit.forget_ms
    limit.attempts = math.max(0, (tonumber(stored[1]) or 0) - forgotten)
    is_blocked = is_blocked or limit.wait_ms > 0
    limits[i] = limit
end

local answer = {}
for _, limit in ipairs(limits) do
    if not is_blocked then
        limit.attempts = limit.attempts + 1
        local over, delay_ms = math.floor(limit.attempts - limit.free), 0
        if over >= 0 then
            delay_ms = math.min(limit.delay_max_ms, 1000 * 2 ^ math.min(over, 30))
        end
        redis.call('HSET', limit.key, 'attempts', limit.attempts, 'at_ms', now_ms, 'next_ms', now_ms + delay_ms)
        redis.call('PEXPIRE', limit.key, math.ceil(limit.attempts * limit.forget_ms) + delay_ms)
    end
    table.insert(answer, limit.wait_ms)
    table.insert(answer, math.max(0, math.floor(limit.free - limit.attempts)))
    table.insert(answer, math.ceil(limit.attempts * limit.forget_ms))
end
return answer
