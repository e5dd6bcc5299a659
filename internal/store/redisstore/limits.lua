-- Limits count in slots of a sixteenth of their window; see package limit. A
-- counter is the number of its newest slot, the total, and the counts of the
-- slots, the newest first and none after the oldest that counted something.
-- In most calls the newest slot is the current one, and nothing but the first
-- three numbers changes.

-- take counts one use and returns zero, or how many microseconds to wait until
-- there is room for one. life is how long the counter is kept.
local function take(key, raw, max, slot_us, life, now_us)
  local SLOTS, HEAD, HEAD_SIZE = 17, '>i8I4I4', 16
  local newest, total, count, older = math.floor(now_us / slot_us), 0, 0, ''
  if raw then
    local slot = newest
    newest, total, count = struct.unpack(HEAD, raw)
    older = #raw > HEAD_SIZE and raw:sub(HEAD_SIZE + 1) or ''
    local steps = slot - newest
    if steps >= SLOTS then
      newest, total, count, older = slot, 0, 0, ''
    elseif steps > 0 then
      older = string.rep('\0', 4 * (steps - 1)) .. struct.pack('>I4', count) .. older
      for at = 4 * (SLOTS - 1) + 1, #older, 4 do total = total - struct.unpack('>I4', older, at) end
      newest, count, older = slot, 0, older:sub(1, 4 * (SLOTS - 1))
    end
  end
  if total < max then
    redis.call('SET', key, struct.pack(HEAD, newest, total + 1, count + 1) .. older, 'PX', life)
    return 0
  end
  for age = #older / 4, 0, -1 do
    total = total - (age > 0 and struct.unpack('>I4', older, 4 * age - 3) or count)
    if total < max then return math.max((newest - age + SLOTS) * slot_us - now_us, 1000000) end
  end
  return math.max(slot_us * (SLOTS - 1), 1000000)
end
