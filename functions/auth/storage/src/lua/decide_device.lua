-- Notes what a person decided for a device, once.
--
-- KEYS  1 the device
--       2 the user code, which names the device and is used up
-- ARGV  1 "approved" or "denied"
--       2 who approved
-- Gives 1, or 0 where the device waits no more.
if redis.call('GET', KEYS[2]) ~= KEYS[1] or redis.call('HGET', KEYS[1], 'state') ~= 'pending' then
  return 0
end
redis.call('DEL', KEYS[2])
redis.call('HSET', KEYS[1], 'state', ARGV[1], 'approval', ARGV[2])
return 1
