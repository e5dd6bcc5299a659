-- A step that is asked for rarely comes as JSON.

local step = cjson.decode(ARGV[1])
local now = step.now
