-- Lists the devices that Postgres knows of an account. What is here already was seen later.
--
-- KEYS  1 devices of the account
-- ARGV  1 lifetime of the hash, ms  then two for each device: id, value
for i = 2, #ARGV, 2 do
  redis.call('HSETNX', KEYS[1], ARGV[i], ARGV[i + 1])
end
redis.call('HSET', KEYS[1], ' ', '1')
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return 1
