-- Keeps positions: those loaded from Postgres, or one that a client told.
--
-- What is loaded makes room for itself first: if the hash began anew half-way, it would lack some of those that it
-- is said to hold. What goes then may not be in Postgres yet, so that the hash is not said to hold all.
--
-- KEYS  1 positions of the account
-- ARGV  1 lifetime of the hash, ms  2 "1" where these are all that Postgres has, "0" where they are the newest of
--       them, "" where it is one
--       then three for each position: video, client time (ms), position (ms)
-- Gives the value that counts now for each, in order.
local extent = ARGV[2]
if extent ~= '' and redis.call('HLEN', KEYS[1]) + (#ARGV - 2) / 3 > POSITIONS_MAX then
  redis.call('DEL', KEYS[1])
  extent = '0'
end
local counting = {}
for i = 3, #ARGV, 3 do
  counting[#counting + 1] = keep_position(KEYS[1], ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[1])
end
if extent ~= '' then
  redis.call('HSET', KEYS[1], '*', extent)
  redis.call('PEXPIRE', KEYS[1], ARGV[1])
end
return counting
