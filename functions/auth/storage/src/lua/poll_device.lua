-- Asks what was decided for a device. That it is refused is told once. That it is let in is told as long as there is a code, each
-- time with the same ids: an answer may be lost, or fail on its way.
--
-- KEYS  1 the device
-- ARGV  1 the client that asks
--       2 milliseconds that are added to the interval where it asks too often (RFC 8628 section 3.5)
--       3 the ids of what it is given, if it has none yet
-- Gives {"pending"}, {"slow_down"}, {"denied"} or {"approved", request, approval, ids, "1" where its session has begun};
-- nothing where there is no such device, or not of this client.
local function field(name)
  return redis.call('HGET', KEYS[1], name)
end
if field('client') ~= ARGV[1] then
  return {}
end
local time = redis.call('TIME')
local now_ms = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local interval_ms = tonumber(field('interval_ms'))
local is_early = now_ms - (tonumber(field('polled_ms')) or 0) < interval_ms
redis.call('HSET', KEYS[1], 'polled_ms', now_ms)
if is_early then
  redis.call('HSET', KEYS[1], 'interval_ms', interval_ms + tonumber(ARGV[2]))
  return {'slow_down'}
end
local state = field('state')
if state == 'pending' then
  return {'pending'}
end
if state == 'denied' then
  redis.call('DEL', KEYS[1])
  return {'denied'}
end
redis.call('HSETNX', KEYS[1], 'ids', ARGV[3])
return {'approved', field('request'), field('approval'), field('ids'), field('begun')}
