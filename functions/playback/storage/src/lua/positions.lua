-- Keeps positions: those loaded from Postgres, or one that a client told.
--
-- KEYS  1 positions of the account
-- ARGV  1 lifetime of the hash, ms  2 "1" where these are all that Postgres has
--       then three for each position: video, client time (ms), position (ms)
-- Gives the value that counts now for each, in order.
local counting = {}
for i = 3, #ARGV, 3 do
  counting[#counting + 1] = keep_position(KEYS[1], ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[1])
end
if ARGV[2] == '1' then
  redis.call('HSET', KEYS[1], '*', '1')
  redis.call('PEXPIRE', KEYS[1], ARGV[1])
end
return counting
