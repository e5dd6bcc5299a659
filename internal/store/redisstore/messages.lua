-- Lists the ids of messages, the newest first: where the next list begins, and
-- ids.

local listed, from, most = { '' }, ARGV[1], tonumber(ARGV[2])
while true do
  local entries = redis.call('XREVRANGE', OUTBOX, from, '-', 'COUNT', most + 1)
  for _, entry in ipairs(entries) do
    -- A message that was retried stands in the stream once more; it is listed
    -- where it began.
    local id = entry[2][1] == 'i' and entry[2][2]
    if id and redis.call('EXISTS', base .. 'messages:' .. id) == 1 then
      if #listed > most then
        listed[1] = entry[1]
        return listed
      end
      table.insert(listed, id)
    end
    from = '(' .. entry[1]
  end
  if #entries <= most then return listed end
end
