-- Keeps an authorization code.
--
-- KEYS  1 the code
-- ARGV  1 the client that it is for
--       2 what it stands for
--       3 the family that it gives
--       4 seconds for which it is good
redis.call('HSET', KEYS[1], 'client', ARGV[1], 'grant', ARGV[2], 'family', ARGV[3])
redis.call('EXPIRE', KEYS[1], ARGV[4])
return redis.status_reply('OK')
