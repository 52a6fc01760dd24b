-- Takes an attempt back, and the delay that it may have caused.
--
-- KEYS: the limits.
for _, key in ipairs(KEYS) do
    local attempts = tonumber(redis.call('HGET', key, 'attempts'))
    if attempts and attempts > 1 then
        redis.call('HSET', key, 'attempts', attempts - 1, 'next_ms', 0)
    else
        redis.call('DEL', key)
    end
end
return redis.status_reply('OK')
