-- Starts a playback session: reads all that the answer needs, and takes one of the account's stream slots.
--
-- Who may play what is not decided here but in the function, by one pure decision. Its yes is kept beside the
-- read model, under the name of those for whom it holds, and goes with that version of the model: only under a
-- yes is a slot taken, so a denial takes none, and the usual start is one call.
--
-- KEYS  1 read model of the video  2 positions of the account  3 streams of the account  4 the new session
--       5 the account  6 its subscription  7 its devices  8 the Idempotency-Key, where the request has one
-- ARGV  1 video  2 now, ms  3 session  4 stream limit without a plan  5 lifetime of a slot, ms
--       6 when the manifest's URL expires, s  7 lifetime of a session, ms  8 lifetime of the key, ms
--       9, 10 and 16 names under which a yes is kept, the last one for those whose subscription is known  11 device  12 name of the device
--       13 version that was decided on just now, or ""  14 name under which to keep that yes
--       15 state of the account that was decided on just now, or ""  17 device limit without a plan
--       18 "1" where devices that are not here do not count  19 since when a device must have been seen, ms
--       20 lifetime of the devices, ms  21 since when Postgres need not be told of a device, ms
-- Gives outcome, version, model, its field `since`, position, how many others are known, version and state
-- of the account, version of its subscription, what was told of it, its field `since`, open streams, or
-- devices, session, expiry, streams, devices, "1" where Postgres is to learn of this one.
--       cold       the read model is not here
--       undecided  no yes for this viewer and version, or the account is not just active
--       again      the first answer to this Idempotency-Key
--       reused     this Idempotency-Key was of another request
--       over       the session of this Idempotency-Key has ended, or its URL has run out
--       full       no slot is free
--       unlisted   the device is not known here, and others may not be
--       crowded    the account has as many devices as it may
--       started    a slot is taken
local model = redis.call('HMGET', KEYS[1], 'version', 'model', ARGV[9], ARGV[10], ARGV[16], 'since')
local version = model[1]
local position = redis.call('HMGET', KEYS[2], ARGV[1], '*')
local account_known = redis.call('HMGET', KEYS[5], 'version', 'state')
local account = account_known[2]
local plan = redis.call('HMGET', KEYS[6], 'version', 'told', 'since')
local subscription = plan[2]

local function answer(outcome, open, session, expires_s, device_is_due)
  local streams = session and streams_told(KEYS[3])
  local devices = session and devices_told(KEYS[7], ARGV[11])
  return { outcome, version, model[2], model[6], position[1], position[2], account_known[1], account, plan[1],
    subscription, plan[3], open, session, expires_s, streams, devices, device_is_due and '1' or '0' }
end

if not version then
  return answer('cold', '0', false, false)
end

if account and account ~= 'active' and ARGV[15] ~= account then
  return answer('undecided', '0', false, false)
end

local request = ARGV[1] .. '\n' .. ARGV[11] .. '\n' .. ARGV[12]
if KEYS[8] then
  local first = redis.call('GET', KEYS[8])
  if first then
    local session, of = string.match(first, '^([^\n]+)\n[^\n]+\n(.*)$')
    if of ~= request then
      return answer('reused', '0', false, false)
    end
    -- The first session stands beside the new one, and knows until when its URL is good since it was last signed.
    local beside = string.sub(KEYS[4], 1, -1 - #ARGV[3])
    local expires_s = redis.call('HGET', beside .. session, 'expires_s')
    if not expires_s or tonumber(expires_s) * 1000 <= tonumber(ARGV[2]) then
      return answer('over', '0', false, false)
    end
    return answer('again', '0', session, expires_s)
  end
end

if not model[3] and not model[4] and not (model[5] and subscription) then
  if version ~= ARGV[13] then
    return answer('undecided', '0', false, false)
  end
  redis.call('HSET', KEYS[1], ARGV[14], '1')
end

local now_ms = tonumber(ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', now_ms - tonumber(ARGV[5]))
local open = redis.call('ZCARD', KEYS[3])
if open >= stream_limit(subscription, tonumber(ARGV[4]), now_ms) then
  return answer('full', tostring(open), false, false)
end
local device = redis.call('HGET', KEYS[7], ARGV[11])
if not device then
  if ARGV[18] ~= '1' and redis.call('HEXISTS', KEYS[7], LISTED) == 0 then
    return answer('unlisted', '0', false, false)
  end
  local devices = devices_since(KEYS[7], tonumber(ARGV[19]))
  if devices >= device_limit(subscription, tonumber(ARGV[17]), now_ms) then
    return answer('crowded', tostring(devices), false, false)
  end
end
local seen_ms, name = string.match(device or '0:', '^(%d+):(.*)$')
local device_is_due = not device or tonumber(seen_ms) < tonumber(ARGV[21]) or name ~= ARGV[12]
if device_is_due then
  redis.call('HSET', KEYS[7], ARGV[11], ARGV[2] .. ':' .. ARGV[12])
  redis.call('PEXPIRE', KEYS[7], ARGV[20])
end
redis.call('ZADD', KEYS[3], now_ms, ARGV[3])
redis.call('PEXPIRE', KEYS[3], ARGV[5])
redis.call('HSET', KEYS[4], 'video', ARGV[1], 'expires_s', ARGV[6], 'at_ms', ARGV[2], 'saved_ms', ARGV[2],
  'state', 'paused', 'watched_ms', '0', 'device', ARGV[11], 'device_name', ARGV[12])
redis.call('PEXPIRE', KEYS[4], ARGV[7])
if KEYS[8] then
  redis.call('SET', KEYS[8], ARGV[3] .. '\n' .. ARGV[6] .. '\n' .. request, 'PX', ARGV[8])
end
return answer('started', tostring(open), ARGV[3], ARGV[6], device_is_due)
