-- Claims the places of messages that wait: those of instances that are gone,
-- those that this instance does not know to hold because an answer was lost, then
-- new ones. An instance is gone if it has not claimed anything for a while, see alive_key.
-- Returns places in the stream and ids of messages by turns.

local instance, held_here, most, oldest, oldest_place = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4], ARGV[5]

local ALIVE = '5000'
local function alive_key(instance) return base .. 'i:' .. instance end
redis.call('SET', alive_key(instance), '1', 'PX', ALIVE)
redis.call('ZREMRANGEBYLEX', base .. 'places', '(' .. oldest_place, '+')
if redis.call('EXISTS', OUTBOX) == 0 then return {} end
redis.call('XTRIM', OUTBOX, 'MINID', '~', oldest)

local pending = redis.pcall('XPENDING', OUTBOX, SENDERS)
if pending.err then
  redis.call('XGROUP', 'CREATE', OUTBOX, SENDERS, '0')
  pending = {}
end

local claimed = {}
local function add(entries)
  for _, entry in ipairs(entries or {}) do
    if entry and entry[2] then
      table.insert(claimed, entry[1])
      table.insert(claimed, entry[2][2])
    end
  end
end

for _, holder in ipairs(pending[4] or {}) do
  local left = most - #claimed / 2
  local known, lost = 0
  if holder[1] == instance then
    known = held_here
    lost = tonumber(holder[2]) > known
  else
    lost = redis.call('EXISTS', alive_key(holder[1])) == 0
  end
  if lost and left > 0 then
    for _, held in ipairs(redis.call('XPENDING', OUTBOX, SENDERS, '-', '+', integer(known + left), holder[1])) do
      local entries = redis.call('XCLAIM', OUTBOX, SENDERS, instance, '0', held[1])
      if #entries == 0 then redis.call('XACK', OUTBOX, SENDERS, held[1]) end -- it is not in the stream any more
      add(entries)
    end
  end
end
local left = most - #claimed / 2
if left > 0 then
  local new = redis.call('XREADGROUP', 'GROUP', SENDERS, instance, 'COUNT', integer(left), 'STREAMS', OUTBOX, '>')
  if new then add(new[1][2]) end
end
return claimed
