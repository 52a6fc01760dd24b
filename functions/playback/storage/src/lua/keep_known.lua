-- Keeps a position that a client told, in a video that the read model has.
--
-- KEYS  1 positions of the account  2 read model of the video
-- ARGV  1 lifetime of the hash, ms  2 video  3 client time, ms  4 position, ms
-- Gives the value that counts now, or nothing where the video is not known here.
if redis.call('EXISTS', KEYS[2]) == 0 then
  return { false }
end
return { keep_position(KEYS[1], ARGV[2], ARGV[3], ARGV[4], ARGV[1]) }
