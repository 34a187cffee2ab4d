"""Stand-ins for packages that are not installed, so that MosaicML's own code for its format runs without PyTorch.

mosaicml-streaming imports PyTorch, torchvision, transformers and the clients of several clouds, gigabytes of them; reading a
shard uses none of them (of PyTorch the name of a base class). Whatever it asks for and is not there is an empty module
here, whose every name is an empty class. Nothing of mosaicml-streaming itself is replaced.
"""

import contextlib
import importlib.abc
import importlib.machinery
import importlib.util
import sys
import types


class Nothing:
    """Any name of a module that is not there."""

    def __init__(self, *arguments, **named):
        pass

    def __class_getitem__(cls, item):
        return cls


class Module(types.ModuleType):
    __path__ = []

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        made = type(name, (Nothing, *((Exception,) if name.endswith(("Error", "Exception")) else ())), {})
        setattr(self, name, made)
        return made


class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Comes last: what is installed is found by others."""

    PACKAGES = {
        "alipcs", "azure", "filelock", "psutil", "boto3", "botocore", "brotli", "databricks", "google", "huggingface_hub", "matplotlib",
        "oci", "paramiko", "pyspark", "snappy", "torch", "torchvision", "tqdm", "transformers", "zstd",
    }  # fmt: skip

    def find_spec(self, name, path, target=None):
        if name.partition(".")[0] in self.PACKAGES:
            return importlib.machinery.ModuleSpec(name, self, is_package=True)
        return None

    def create_module(self, spec):
        return Module(spec.name)

    def exec_module(self, module):
        pass


def lacks(module):
    """Whether a package is not installed."""
    return importlib.util.find_spec(module) is None


@contextlib.contextmanager
def stand_in():
    """Within it `import streaming` works where only mosaicml-streaming itself is installed. Others, who ask whether there is
    a PyTorch, shall not find one."""
    if not lacks("torch"):
        yield
        return
    finder = Finder()
    sys.meta_path.append(finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        for name in [name for name, module in sys.modules.items() if isinstance(module, Module)]:
            del sys.modules[name]
