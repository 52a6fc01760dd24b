-- Notes that a device's session has begun, and lets its code expire soon after.
--
-- KEYS  1 the device
-- ARGV  1 seconds for which its code still gives what it gave
if redis.call('EXISTS', KEYS[1]) == 1 and redis.call('HSETNX', KEYS[1], 'begun', 1) == 1 then
  redis.call('EXPIRE', KEYS[1], ARGV[1])
end
return redis.status_reply('OK')
