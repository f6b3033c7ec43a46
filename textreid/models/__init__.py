"""The joint model and its processor, registered with transformers' Auto classes on import."""

from __future__ import annotations

from transformers import AutoConfig, AutoModel, AutoProcessor

from textreid.models.config import JointConfig
from textreid.models.joint import JointModel
from textreid.models.processor import JointProcessor

__all__ = ["JointConfig", "JointModel", "JointProcessor"]

AutoConfig.register(JointConfig.model_type, JointConfig, exist_ok=True)
AutoModel.register(JointConfig, JointModel, exist_ok=True)
AutoProcessor.register(JointConfig, JointProcessor, exist_ok=True)
