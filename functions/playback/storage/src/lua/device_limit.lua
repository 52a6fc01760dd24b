-- Shared by the scripts that count devices: it is put before each of them, behind `stream_limit.lua`.
--
-- A hash per account: the id of a device -> "<last started, ms since the epoch, to the day>:<name>". The field " ", which is no id, says that
-- all devices that Postgres knows are here.
local LISTED = ' '
local DEVICES_TOLD_MAX = 64

-- As many devices as the plan has, and never fewer than without one.
local function device_limit(told, without_plan, now_ms)
  local _, devices = entitled(told, now_ms)
  return math.max(devices or 0, without_plan)
end

-- How many there are, once those are gone that were not seen since.
local function devices_since(key, since_ms)
  local all, count = redis.call('HGETALL', key), 0
  for i = 1, #all, 2 do
    if all[i] ~= LISTED then
      if tonumber(string.match(all[i + 1], '^%d+')) < since_ms then
        redis.call('HDEL', key, all[i])
      else
        count = count + 1
      end
    end
  end
  return count
end

-- "<how many> <id> <id> …": not more than so many ids, and this one among them.
local function devices_told(key, this)
  local ids, count, told = redis.call('HKEYS', key), 0, { '', this }
  for _, id in ipairs(ids) do
    if id ~= LISTED then
      count = count + 1
      if id ~= this and #told < DEVICES_TOLD_MAX then
        told[#told + 1] = id
      end
    end
  end
  told[1] = tostring(count)
  return table.concat(told, ' ')
end

