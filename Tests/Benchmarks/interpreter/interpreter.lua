-- The peer functions in Lua 5.4, as far as Lua has them; each prints its best of three in seconds.
local function fib(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end

local function loop(n)
  local s = 0
  for i = 0, n - 1 do s = s + i * i % 7 end
  return s
end

local function words(n)
  local d = {}
  for i = 0, n - 1 do
    local k = "w" .. tostring(i % 1000)
    d[k] = (d[k] or 0) + 1
  end
  return d
end

local function comprehension(n)
  local xs = {}
  for x = 0, n - 1 do if x % 3 == 0 then xs[#xs + 1] = x * 2 end end
  local total = 0
  for _, x in ipairs(xs) do total = total + x end
  return total
end

for _, case in ipairs({ { "fib", fib, 27 }, { "loop", loop, 3000000 }, { "words", words, 1000000 },
  { "comprehension", comprehension, 3000000 } }) do
  local best = 1e9
  for _ = 1, 3 do
    local start = os.clock()
    case[2](case[3])
    best = math.min(best, os.clock() - start)
  end
  print(string.format("%-16s %8.3f s", case[1], best))
end
