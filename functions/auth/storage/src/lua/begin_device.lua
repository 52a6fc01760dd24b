-- Lets a device wait for a person.
--
-- KEYS  1 the device
--       2 the user code
-- ARGV  1 the client
--       2 its request
--       3 milliseconds between two polls
--       4 seconds for which the codes are good
-- Gives 1, or 0 where the user code is taken.
if redis.call('SET', KEYS[2], KEYS[1], 'NX', 'EX', ARGV[4]) == false then
  return 0
end
redis.call('HSET', KEYS[1], 'client', ARGV[1], 'request', ARGV[2], 'interval_ms', ARGV[3], 'state', 'pending')
redis.call('EXPIRE', KEYS[1], ARGV[4])
return 1
