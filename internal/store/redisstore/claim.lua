-- Claims messages that wait: those of instances that are gone, those that this
-- instance does not know to hold because an answer was lost, then new ones.
-- An instance is gone if it has not claimed anything for a while, see alive_key.
-- Returns places in the stream and messages by turns.

local ALIVE = '5000'
local function alive_key(instance) return base .. 'i:' .. instance end
redis.call('SET', alive_key(step.instance), '1', 'PX', ALIVE)
if redis.call('EXISTS', OUTBOX) == 0 then return {} end
redis.call('XTRIM', OUTBOX, 'MINID', '~', integer(now - KEPT))

local pending = redis.pcall('XPENDING', OUTBOX, SENDERS)
if pending.err then
  redis.call('XGROUP', 'CREATE', OUTBOX, SENDERS, '0')
  pending = {}
end

local claimed = {}
local function add(entries)
  for _, entry in ipairs(entries or {}) do
    local message = entry and entry[2] and redis.call('GET', message_key(entry[2][2]))
    if message and cjson.decode(message).d then -- it has a time when it is due, so it still waits
      table.insert(claimed, entry[1])
      table.insert(claimed, message)
    elseif entry then
      redis.call('XACK', OUTBOX, SENDERS, entry[1])
    end
  end
end

for _, holder in ipairs(pending[4] or {}) do
  local left = step.n - #claimed / 2
  local known, lost = 0
  if holder[1] == step.instance then
    known = step.held
    lost = tonumber(holder[2]) > known
  else
    lost = redis.call('EXISTS', alive_key(holder[1])) == 0
  end
  if lost and left > 0 then
    for _, held in ipairs(redis.call('XPENDING', OUTBOX, SENDERS, '-', '+', integer(known + left), holder[1])) do
      local entries = redis.call('XCLAIM', OUTBOX, SENDERS, step.instance, '0', held[1])
      if #entries == 0 then redis.call('XACK', OUTBOX, SENDERS, held[1]) end -- it is not in the stream any more
      add(entries)
    end
  end
end
local left = step.n - #claimed / 2
if left > 0 then
  local new = redis.call('XREADGROUP', 'GROUP', SENDERS, step.instance, 'COUNT', integer(left), 'STREAMS', OUTBOX, '>')
  if new then add(new[1][2]) end
end
return claimed
