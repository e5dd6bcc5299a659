-- Limits count in slots of a sixteenth of their window; see package limit. A
-- counter is how long its slots are, the number of the newest, the total, and the
-- counts of the slots, the newest first and none after the oldest that counted
-- something. In most calls the newest slot is the current one, and nothing but
-- total and newest count changes. Slots have another length where another window
-- is configured, or was: instances may differ while the configuration changes.

local SLOTS, HEAD, HEAD_SIZE = 17, '>i8i8I4I4', 24

-- count returns zero and the counter with one use more, or how many microseconds
-- to wait until there is room for one.
local function count(raw, max, slot_us, now_us)
  local slot, newest, total, latest, older = math.floor(now_us / slot_us), 0, 0, 0, ''
  if raw and raw ~= '' then
    local length
    length, newest, total, latest = struct.unpack(HEAD, raw)
    if length == slot_us then
      older = raw:sub(HEAD_SIZE + 1)
    else -- all of it counts as what came last in it, so that nothing is forgotten
      newest, latest = math.floor(math.min((newest + 1) * length, now_us) / slot_us), total
    end
  end
  local steps = slot - newest
  if steps >= SLOTS then
    newest, total, latest, older = slot, 0, 0, ''
  elseif steps > 0 then
    older = string.rep('\0', 4 * (steps - 1)) .. struct.pack('>I4', latest) .. older
    for at = 4 * (SLOTS - 1) + 1, #older, 4 do total = total - struct.unpack('>I4', older, at) end
    newest, latest, older = slot, 0, older:sub(1, 4 * (SLOTS - 1))
  end
  if total < max then return 0, struct.pack(HEAD, slot_us, newest, total + 1, latest + 1) .. older end
  for age = #older / 4, 0, -1 do
    total = total - (age > 0 and struct.unpack('>I4', older, 4 * age - 3) or latest)
    if total < max then return math.max((newest - age + SLOTS) * slot_us - now_us, 1000000) end
  end
  return math.max(slot_us * (SLOTS - 1), 1000000)
end

-- take counts in a counter with a key of its own, and returns how long to wait.
-- life is how long that is kept, in milliseconds from the first use in a slot.
local function take(key, raw, max, slot_us, life, now_us)
  if raw then
    local length, newest, total, latest = struct.unpack(HEAD, raw)
    if length == slot_us and newest == math.floor(now_us / slot_us) and total < max then
      redis.call('SETRANGE', key, '16', struct.pack('>I4I4', total + 1, latest + 1))
      return 0
    end
  end
  local wait, counted = count(raw, max, slot_us, now_us)
  if counted then redis.call('SET', key, counted, 'PX', integer(life)) end
  return wait
end
