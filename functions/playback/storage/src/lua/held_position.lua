-- Keeps a position that a process held while stores were away: not one of an account of which it is known here that it is erased. What
-- begins with it does not stay for long, since the account may have been erased before: Postgres says so later, and if
-- nobody is left who would ask it, time does.
--
-- KEYS  1 positions of the account  2 the account
-- ARGV  1 video  2 client time, ms  3 position, ms, or "-"  4 lifetime of a hash that begins with it, ms
-- Gives 1 where it was not passed over, otherwise 0.
if redis.call('HGET', KEYS[2], 'state') == 'erased' then
  return 0
end
local ttl_ms = math.max(redis.call('PTTL', KEYS[1]), tonumber(ARGV[4]))
keep_position(KEYS[1], ARGV[1], ARGV[2], ARGV[3], string.format('%d', ttl_ms))
return 1
