-- Shared by the scripts that count to a limit: it is put before each of them.
--
-- What an account has subscribed to is told as "<level> <streams> <until, ms, or -> <1 where a payment is missing> <devices, or ->",
-- without the last one where it was written before plans had devices, or as "none".

-- How many streams and devices the plan has; nil where there is none now, or where it does not say.
local function entitled(told, now_ms)
  local streams, until_ms, devices = string.match(told or '', '^%d+ (%d+) (%S+) %d ?(%S*)$')
  if streams and (until_ms == '-' or now_ms < tonumber(until_ms)) then
    return tonumber(streams), tonumber(devices)
  end
end

-- The decision counts to the same limit: as many streams as the plan has, and never fewer than without one.
local function stream_limit(told, without_plan, now_ms)
  local streams = entitled(told, now_ms)
  return math.max(streams or 0, without_plan)
end

