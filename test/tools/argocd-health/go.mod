// Judges health scripts as Argo CD does. Nothing else depends on this module: it exists to pin versions and checksums.
module cmg-operator.invalid/test/tools/argocd-health

go 1.26.0

require github.com/yuin/gopher-lua v1.1.1
