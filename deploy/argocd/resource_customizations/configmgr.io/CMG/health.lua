-- For every kind of configmgr.io. They follow the kstatus conventions: status.observedGeneration says of which spec the status speaks, Ready sums the
-- other conditions up, and Reconciling and Stalled are present only while true.

local function message_of(condition, otherwise)
  if condition == nil or condition.message == nil or condition.message == "" then
    return otherwise
  end
  return condition.message
end

local conditions = {}
local observed = nil
if obj.status ~= nil then
  observed = obj.status.observedGeneration
  for _, condition in ipairs(obj.status.conditions or {}) do
    if condition.type ~= nil then
      conditions[condition.type] = condition
    end
  end
end

-- While suspended the operator writes no status either, so the rest may be out of date.
if obj.spec ~= nil and obj.spec.suspend == true then
  local last = message_of(conditions["Ready"], "The operator has not looked at it yet.")
  return { status = "Suspended", message = "Suspended: the operator changes nothing. Last seen: " .. last }
end

if observed == nil or observed ~= obj.metadata.generation then
  return { status = "Progressing", message = "Waiting for the operator to see this version of the spec." }
end

local stalled = conditions["Stalled"]
if stalled ~= nil and stalled.status == "True" then
  return { status = "Degraded", message = message_of(stalled, "It does not go on until somebody acts.") }
end

-- A gateway that serves is healthy, also while something small in Azure is being set right.
local ready = conditions["Ready"]
if ready ~= nil and ready.status == "True" then
  return { status = "Healthy", message = message_of(ready, "It is as declared.") }
end

return { status = "Progressing", message = message_of(ready, "The operator is at work.") }
