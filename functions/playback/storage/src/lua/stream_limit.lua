-- Shared by the scripts that count to a limit: it is put before each of them.
--
-- What an account has subscribed to is told as "<level> <streams> <until, ms, or -> <1 where a payment is missing>", or as
-- "none". The decision counts to the same limit: as many streams as the plan has, and never fewer than without one.
local function stream_limit(told, without_plan, now_ms)
  local streams, until_ms = string.match(told or '', '^%d+ (%d+) (%S+) ')
  if streams and (until_ms == '-' or now_ms < tonumber(until_ms)) then
    return math.max(tonumber(streams), without_plan)
  end
  return without_plan
end

