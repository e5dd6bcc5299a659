-- Returns what a browser asked for last: its tries, what was typed, and what
-- the request is about.

local request = load_request(step.browser)
if not request then return false end
return struct.pack('>BI2c0', request.tries, #request.typed, request.typed) .. request.about
